//! `/selection`: what is done with many ticked phones.
//!
//! Owns how ticks, "all that match" and a collected selection become one fixed list of phones.

use carillon_contract::Href;
use carillon_contract::list::Link;
use carillon_contract::phones::{BulkAction, BulkTyped, ENTER};
use carillon_domain::Filter;
use carillon_domain::role::Permission;
use carillon_engine::inventory::{Selection, TagChange};
use carillon_engine::{Caller, Engine};
use carillon_language::{say, say_many};
use carillon_store::PhoneSet;

use super::phones;
use super::phones::query::ListQuery;
use super::refused::{Refusal, refusal};
use super::visit::{PageResult, Visit, done, done_see};
use crate::fields::{Fields, Form};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

mod listed;
mod ticks;
mod turn;

pub(super) use listed::list_href;
use ticks::{by_mistake, ticked, unticked};
pub(super) use turn::with_ticks;

/// No phone is chosen.
const EMPTY: &str = "empty";
/// The action that changes nothing and tells whether a phone takes commands.
const CHECK: &str = "phonecfg";
const FIELDS: [&str; 14] = [
    "do", "go", "scope", "mac", "filter", "sort", "count", "digest", "sel", "was", "tag", "group",
    "q", "list",
];

const VIEW: Access = Access::Needs(Permission::ViewInventory);

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    table
        .get("/selection", VIEW, listed::show)
        .post("/selection", VIEW, submit)
}

async fn submit(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    let engine = visit.app.engine().clone();
    if let Some(to) = fields.text("go") {
        return turn::turn(visit, (&caller, &engine), &fields, to).await;
    }
    if by_mistake(&fields) {
        return entered(visit, &caller, &engine, &fields).await;
    }
    let selection = match selected(&engine, &caller, &fields).await? {
        Ok(selection) => selection,
        Err(refused) => return again(visit, &caller, &fields, refused).await,
    };
    let list = Selected {
        selection,
        fields: &fields,
        caller: &caller,
        engine: &engine,
    };
    match asked(&fields) {
        Some(BulkAction::Run) => {
            let id = engine.keep_selection(&caller, &list.selection).await?;
            Ok(visit.see_other(&String::from(Href::new("/run").add("sel", id))))
        }
        Some(BulkAction::Check) => {
            let id = engine.keep_selection(&caller, &list.selection).await?;
            let run = Href::new("/run").add("sel", id).add("action", CHECK);
            Ok(visit.see_other(&String::from(run)))
        }
        Some(BulkAction::Edit) => {
            caller.require(Permission::ManageInventory)?;
            let id = engine.keep_selection(&caller, &list.selection).await?;
            Ok(visit.see_other(&list.page("/phones/edit", &id)))
        }
        Some(BulkAction::Delete) => {
            caller.require(Permission::ManageInventory)?;
            let id = engine.keep_selection(&caller, &list.selection).await?;
            Ok(visit.see_other(&list.page("/phones/delete", &id)))
        }
        Some(BulkAction::Collect) => list.collect(visit).await,
        Some(BulkAction::Tag) => list.tag(visit, TagChange::Add).await,
        Some(BulkAction::Untag) => list.tag(visit, TagChange::Remove).await,
        Some(BulkAction::AddToGroup) => list.group(visit).await,
        None => {
            let refused =
                Refusal::field("", "invalid", say("Choose what to do with these phones."));
            again(visit, &caller, &fields, refused).await
        }
    }
}

/// From the word of a button.
trait OfWord: Sized {
    fn of(word: Option<&str>) -> Option<Self>;
}

impl OfWord for BulkAction {
    fn of(word: Option<&str>) -> Option<Self> {
        let all = [
            Self::Run,
            Self::Check,
            Self::Collect,
            Self::Tag,
            Self::Untag,
            Self::AddToGroup,
            Self::Edit,
            Self::Delete,
        ];
        all.into_iter().find(|action| Some(action.as_str()) == word)
    }
}

/// Nothing is done with the phones but to keep what is ticked.
async fn entered(visit: Visit, caller: &Caller, engine: &Engine, fields: &Fields) -> PageResult {
    let list = Selected {
        selection: ticked(fields),
        fields,
        caller,
        engine,
    };
    if list.selection.phones.is_empty() && fields.filled("was").is_none() {
        return Ok(visit.see_other(&list.back(fields.filled("sel"))));
    }
    list.collect(visit).await
}

/// What shall be done. Enter is pressed in the field of the tag.
fn asked(fields: &Fields) -> Option<BulkAction> {
    match fields.text("do") {
        Some(ENTER) => fields.filled("tag").map(|_| BulkAction::Tag),
        word => BulkAction::of(word),
    }
}

type Chosen = Result<Selection, Refusal>;

/// The phones that are meant; a refusal when there are none, or others than were looked at.
async fn selected(engine: &Engine, caller: &Caller, fields: &Fields) -> Result<Chosen, Problem> {
    let selection = match fields.text("scope") {
        Some("all") => match all_matching(engine, caller, fields).await? {
            Ok(selection) => selection,
            Err(refused) => return Ok(Err(refused)),
        },
        Some("selection") => {
            let id = fields.or_empty("sel");
            let Some(kept) = kept(engine, caller, &id).await? else {
                let message = say("This selection is over: tick the phones again.");
                return Ok(Err(Refusal::field("", "gone", message)));
            };
            let kept = kept.without(&unticked(fields));
            match ticked(fields) {
                ticked if ticked.phones.iter().all(|mac| kept.has(*mac)) => kept,
                ticked => kept.and(ticked),
            }
        }
        _ => ticked(fields),
    };
    if selection.phones.is_empty() && !empties(fields) {
        let message = say("No phone is chosen: tick at least one, or choose all that match.");
        return Ok(Err(Refusal::field("", EMPTY, message)));
    }
    Ok(Ok(selection))
}

/// Whether somebody takes the last phones out of the selection.
fn empties(fields: &Fields) -> bool {
    asked(fields) == Some(BulkAction::Collect) && fields.text("scope") == Some("selection")
}

async fn all_matching(
    engine: &Engine,
    caller: &Caller,
    fields: &Fields,
) -> Result<Chosen, Problem> {
    let filter: Filter = match fields.text("filter").unwrap_or_default().parse() {
        Ok(filter) => filter,
        Err(error) => return Ok(Err(Refusal::field("q", "invalid", phones::mistake(&error)))),
    };
    let selection = engine.select(caller, &filter).await?;
    match others_than_seen(fields, &PhoneSet::of(&selection.phones)) {
        Some(message) => Ok(Err(Refusal::field("", "changed", message))),
        None => Ok(Ok(selection)),
    }
}

/// Why these are not the phones that somebody looked at, where they are not.
fn others_than_seen(fields: &Fields, now: &PhoneSet) -> Option<String> {
    let seen = fields.filled("count").and_then(|count| count.parse().ok());
    if let Some(before) = seen.filter(|count: &i64| *count != now.count) {
        let now = now.count;
        return Some(say!(
            "You looked at {before} phones; now {now} match. Look again.",
            before,
            now
        ));
    }
    let same = fields
        .filled("digest")
        .is_none_or(|seen| seen == now.digest);
    (!same).then(|| {
        say!(
            "The {phones} that match are no longer those that you looked at. Look again.",
            phones = phones(usize::try_from(now.count).unwrap_or(usize::MAX))
        )
    })
}

async fn kept(engine: &Engine, caller: &Caller, id: &str) -> Result<Option<Selection>, Problem> {
    use carillon_engine::error::EngineError;
    match engine.selection(caller, id).await {
        Ok(selection) => Ok(Some(selection)),
        Err(EngineError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The list again, with what was wrong.
async fn again(visit: Visit, caller: &Caller, fields: &Fields, refused: Refusal) -> PageResult {
    let query = list_of(fields, fields.filled("sel")).liking(visit.columns.as_deref());
    let mut view = phones::view(visit.app.engine(), caller, query).await?;
    view.typed = typed(fields, &refused);
    view.errors = refused.errors;
    let html = carillon_ui::phones(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

/// What stood in the form. After a form without any phone nothing is chosen beforehand: the next
/// press means what somebody ticks then, and never the whole list by itself.
fn typed(fields: &Fields, refused: &Refusal) -> BulkTyped {
    let nothing = refused.errors.0.iter().any(|error| error.code == EMPTY);
    let scope = (!nothing).then(|| fields.or_empty("scope"));
    BulkTyped {
        ticked: ticked(fields).phones,
        scope: scope.unwrap_or_default(),
        tag: fields.or_empty("tag"),
        group: fields.or_empty("group"),
    }
}

/// The page that the form came from; programs may send only its filter.
fn list_of(fields: &Fields, sel: Option<&str>) -> ListQuery {
    if let Some(list) = fields.text("list") {
        return ListQuery::of_here(list, sel);
    }
    let (filter, sort) = (fields.or_empty("filter"), fields.or_empty("sort"));
    ListQuery::of_filter(&filter, &sort, sel)
}

/// Phones that something is done with.
struct Selected<'f> {
    selection: Selection,
    fields: &'f Fields,
    caller: &'f Caller,
    engine: &'f Engine,
}

impl Selected<'_> {
    fn back(&self, sel: Option<&str>) -> String {
        list_of(self.fields, sel).here().into()
    }

    /// The list again after something was done with its phones. Where somebody has a selection, what is
    /// ticked goes along: what comes next means the same phones.
    async fn back_with_ticks(&self) -> Result<String, Problem> {
        let sel = match self.fields.filled("sel") {
            Some(_) => with_ticks(self.caller, self.engine, self.fields).await?,
            None => None,
        };
        Ok(self.back(sel.as_deref()))
    }

    /// A page about a selection, which leads back to this list.
    fn page(&self, path: &str, sel: &str) -> String {
        let list = list_of(self.fields, None).here_query();
        let page = Href::new(path).add("sel", sel);
        page.add_some("list", &list).into()
    }

    async fn collect(self, visit: Visit) -> PageResult {
        let known = match self.fields.filled("sel") {
            Some(id) => kept(self.engine, self.caller, id)
                .await?
                .map(|kept| (id, kept)),
            None => None,
        };
        let (id, all) = match known {
            Some((id, before)) => {
                let all = before.without(&unticked(self.fields));
                let all = all.and(self.selection.clone());
                self.engine.replace_selection(self.caller, id, &all).await?;
                (id.to_owned(), all)
            }
            None => self.kept_anew().await?,
        };
        let text = say_many!(
            number(all.phones.len()),
            "{count} phone is in the selection.",
            "{count} phones are in the selection."
        );
        let sel = (!all.phones.is_empty()).then_some(id.as_str());
        Ok(visit.see_other_saying(&self.back(sel), &done(text)))
    }

    async fn kept_anew(&self) -> Result<(String, Selection), Problem> {
        let id = self.engine.keep_selection(self.caller, &self.selection);
        Ok((id.await?, self.selection.clone()))
    }

    async fn tag(self, visit: Visit, change: TagChange) -> PageResult {
        let tag = self.fields.or_empty("tag");
        let macs = &self.selection.phones;
        let changed = match self
            .engine
            .tag_phones(self.caller, macs, &tag, change)
            .await
        {
            Ok(changed) => changed,
            Err(error) => {
                return again(visit, self.caller, self.fields, refusal(error)?).await;
            }
        };
        let count = phones(usize::try_from(changed).unwrap_or(usize::MAX));
        let text = match change {
            TagChange::Add => say!(
                "The tag {tag} was added to {phones}.",
                tag = tag.trim(),
                phones = count
            ),
            TagChange::Remove => say!(
                "The tag {tag} was taken off {phones}.",
                tag = tag.trim(),
                phones = count
            ),
        };
        let back = self.back_with_ticks().await?;
        Ok(visit.see_other_saying(&back, &done(text)))
    }

    async fn group(self, visit: Visit) -> PageResult {
        let slug = self.fields.or_empty("group");
        let macs = &self.selection.phones;
        let changed = self
            .engine
            .change_members(self.caller, &slug, macs, &[], None)
            .await;
        let added = match changed {
            Ok((added, _)) => usize::try_from(added).unwrap_or(usize::MAX),
            Err(error) => {
                return again(visit, self.caller, self.fields, refusal(error)?).await;
            }
        };
        let text = say_many!(
            number(added),
            "{count} phone was added to the group.",
            "{count} phones were added to the group."
        );
        let link = Link::new(say("Show the group"), format!("/groups/{slug}"));
        let back = self.back_with_ticks().await?;
        Ok(visit.see_other_saying(&back, &done_see(text, link)))
    }
}

fn phones(count: usize) -> String {
    say_many!(number(count), "{count} phone", "{count} phones")
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
