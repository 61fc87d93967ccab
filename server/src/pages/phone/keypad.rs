//! The keys of one phone and the picture of its screen.
//!
//! A key is an action of the catalogue like any other: it becomes a job of one phone, with the
//! same rules. A picture is looked at and not kept beyond a few minutes.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use carillon_contract::Href;
use carillon_contract::frame::{Flash, Tone};
use carillon_contract::phone::{KeyView, KeypadView, ScreenView};
use carillon_domain::action::{self, Category, Class, Entry};
use carillon_domain::job::{JobOptions, JobRequest, MAX_REASON, TargetSpec};
use carillon_domain::role::{Permission, Role};
use carillon_domain::{Cause, Mac, model};
use carillon_engine::error::EngineError;
use carillon_engine::inventory::NoPicture;
use carillon_engine::jobs::Submission;
use carillon_engine::{Caller, Engine};
use carillon_language::say;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::pressed::{Key, follow};
use super::{again_with, mac_of};
use crate::fields::{Fields, Form};
use crate::pages::refused::refusal;
use crate::pages::visit::{PageResult, Visit};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

/// What lies on a phone as a key.
const ON_THE_PHONE: [Category; 7] = [
    Category::Confirm,
    Category::Keypad,
    Category::SoftKey,
    Category::Navigation,
    Category::Audio,
    Category::FeatureKey,
    Category::LineKey,
];
/// What is said belongs to a part of the page, and not to its top.
pub(in crate::pages) const SAID: &str = "said";
/// The keys and the screen.
pub(in crate::pages) const OF_KEYS: &str = "keys";
/// What the keys and the screen keep from one page to the next, in the address and in their form.
pub(in crate::pages) const KEPT: [&str; 4] = ["reason", "screen", "older", "look"];
const LINE: &str = "L";
/// Line keys that are drawn; a phone may have more on further pages of its screen.
const LINES: u8 = 10;
/// Line keys of a model that nobody told us.
const LINES_UNKNOWN: u8 = 2;

pub(super) fn routes(table: Table) -> Table {
    const RUN: Access = Access::Needs(Permission::RunJobs);
    table
        .post("/phones/{mac}/keys", RUN, press)
        .post("/phones/{mac}/screen", RUN, look)
        .get("/phones/{mac}/screen/{id}", RUN, picture)
}

/// The keys that somebody with this role may press on this model.
pub(super) fn pad(role: Role, model: &str) -> Option<KeypadView> {
    if !role.may(Permission::RunJobs) {
        return None;
    }
    let allowed = action::all()
        .filter(|entry| ON_THE_PHONE.contains(&entry.category))
        .filter(|entry| entry.params.is_empty() || entry.name == LINE)
        .filter(|entry| !entry.call_control || role.may(Permission::CallControl));
    let keys = allowed.flat_map(|entry| keys(entry, model)).collect();
    Some(KeypadView {
        keys,
        ..KeypadView::default()
    })
}

fn keys(entry: &'static Entry, model: &str) -> Vec<KeyView> {
    let key = |name: String, title: String| KeyView {
        name,
        title,
        harmless: entry.class == Class::Harmless,
        missing: !entry.supports(model),
    };
    if entry.name != LINE {
        return vec![key(entry.name.to_owned(), say(entry.title).to_owned())];
    }
    let count = model::line_keys(model).unwrap_or(LINES_UNKNOWN).min(LINES);
    let lines = 1..=count;
    lines
        .map(|n| key(format!("{LINE}{n}"), say!("Press line key {n}", n)))
        .collect()
}

async fn press(
    visit: Visit,
    caller: Caller,
    Path(mac): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let mac = mac_of(&mac)?;
    let fields = fields.only(&[&KEPT[..], &["key"]].concat())?;
    let (request, title) = request(mac, &fields);
    let engine = visit.app.engine();
    match engine
        .submit_job(&caller, &request, Submission::default())
        .await
    {
        Ok(job) => {
            let mut kept = Kept::of(&fields);
            let key = Key {
                mac,
                title: &title,
                job: &job.id,
            };
            let flash = follow(engine, &caller, &key, &mut kept).await?;
            let back = kept.page(mac).add(SAID, OF_KEYS);
            Ok(visit.see_other_saying(&format!("{back}#keypad"), &flash))
        }
        Err(error) => {
            let mut refused = refusal(error)?;
            for error in &mut refused.errors.0 {
                let field = if error.field == "reason" {
                    "key-reason"
                } else {
                    "key"
                };
                field.clone_into(&mut error.field);
            }
            again_with(visit, &caller, mac, refused, &fields).await
        }
    }
}

fn request(mac: Mac, fields: &Fields) -> (JobRequest, String) {
    let key = fields.or_empty("key");
    let line = key
        .strip_prefix(LINE)
        .filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    let (action, params) = match line {
        Some(number) => (LINE, vec![("n".to_owned(), number.into())]),
        None => (key.as_str(), Vec::new()),
    };
    let title = action::find(action).map_or(say("Key"), |entry| say(entry.title));
    let request = JobRequest {
        action: action.to_owned(),
        params: params.into_iter().collect(),
        targets: TargetSpec {
            phones: vec![mac],
            ..TargetSpec::default()
        },
        options: JobOptions::default(),
        reason: fields.or_empty("reason").trim().to_owned(),
        expect: None,
    };
    (request, title.to_owned())
}

/// What somebody at the keys sees and typed: the next page has it again.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Reason as typed.
    pub(super) reason: String,
    /// The picture that is shown.
    pub(super) screen: Option<String>,
    /// Whether a key was pressed since it was taken.
    pub(super) older: bool,
    /// Whether a picture is taken behind each key.
    pub(super) look: bool,
}

impl Kept {
    /// Out of an address or a form.
    pub(super) fn of(fields: &Fields) -> Self {
        Self {
            reason: fields.or_empty("reason").trim().to_owned(),
            screen: fields.filled("screen").map(str::to_owned),
            older: fields.checked("older"),
            look: fields.checked("look"),
        }
    }

    /// The page of the phone with all of it; what is too long for a reason is not carried.
    fn page(&self, mac: Mac) -> Href {
        let on = |is: bool| if is { "on" } else { "" };
        let screen = self.screen.as_deref().unwrap_or_default();
        let reason = Some(&*self.reason).filter(|text| text.chars().count() <= MAX_REASON);
        Href::new(format!("/phones/{mac}"))
            .add_some("reason", reason.unwrap_or_default())
            .add_some("screen", screen)
            .add_some("older", on(self.older && !screen.is_empty()))
            .add_some("look", on(self.look))
    }

    /// Puts it beside the keys. A picture that is over is as if it had not been there.
    pub(super) async fn put(
        self,
        pad: &mut KeypadView,
        (engine, caller): (&Engine, &Caller),
        mac: Mac,
    ) -> Result<(), Problem> {
        pad.screen = screen(engine, caller, mac, &self).await?;
        pad.look = self.look;
        pad.reason = self.reason;
        Ok(())
    }
}

async fn look(
    visit: Visit,
    caller: Caller,
    Path(mac): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let mac = mac_of(&mac)?;
    let mut kept = Kept::of(&fields.only(&KEPT)?);
    match take(visit.app.engine(), &caller, mac).await? {
        Ok(id) => {
            kept.screen = Some(id);
            kept.older = false;
            Ok(visit.see_other(&format!("{}#keypad", kept.page(mac))))
        }
        Err(text) => {
            let flash = Flash {
                tone: Tone::Bad,
                text,
                link: None,
            };
            let here = kept.page(mac).add(SAID, OF_KEYS);
            Ok(visit.see_other_saying(&format!("{here}#keypad"), &flash))
        }
    }
}

/// A picture, by its id, or why there is none.
pub(super) async fn take(
    engine: &Engine,
    caller: &Caller,
    mac: Mac,
) -> Result<Result<String, String>, Problem> {
    match engine.take_picture(caller, mac).await {
        Ok(taken) => Ok(taken.map_err(no_picture)),
        Err(EngineError::Conflict(_)) => {
            let stopped = say("No picture: everything is stopped, so no phone is asked anything.");
            Ok(Err(stopped.to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

fn no_picture(why: NoPicture) -> String {
    match why {
        NoPicture::Refused(Cause::Unsupported) => {
            say("No picture: this phone does not give pictures of its screen.").to_owned()
        }
        NoPicture::Refused(cause) => {
            say!(
                "No picture: {sentence} {next_step}",
                sentence = say(cause.sentence()),
                next_step = say(cause.next_step())
            )
        }
        NoPicture::Unreadable => {
            say("No picture: what the phone sent is none that can be read.").to_owned()
        }
    }
}

async fn screen(
    engine: &Engine,
    caller: &Caller,
    mac: Mac,
    kept: &Kept,
) -> Result<Option<ScreenView>, Problem> {
    let Some(id) = &kept.screen else {
        return Ok(None);
    };
    match engine.picture(caller, mac, id).await {
        Ok(picture) => Ok(Some(ScreenView {
            href: format!("/phones/{mac}/screen/{id}"),
            at: picture.at,
            older: kept.older,
            width: picture.width,
            height: picture.height,
        })),
        Err(EngineError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn picture(
    visit: Visit,
    caller: Caller,
    Path((mac, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let picture = visit
        .app
        .engine()
        .picture(&caller, mac_of(&mac)?, &id)
        .await?;
    let mut response = picture.png.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pad_has_what_lies_on_the_phone() {
        let pad = pad(Role::Operator, "T46S").expect("operators press keys");
        let names: Vec<&str> = pad.keys.iter().map(|key| key.name.as_str()).collect();
        for key in [
            "1", "POUND", "OK", "X", "UP", "F4", "L1", "L10", "SPEAKER", "RD",
        ] {
            assert!(names.contains(&key), "{key}: {names:?}");
        }
        assert!(
            !names.contains(&"Reboot") && !names.contains(&"sequence") && !names.contains(&"D")
        );
        let up = pad.keys.iter().find(|key| key.name == "UP");
        assert!(up.is_some_and(|key| key.harmless));
        assert_eq!(super::pad(Role::Viewer, "T46S"), None);
    }

    #[test]
    fn a_line_key_is_the_key_of_its_number() {
        let mac = Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]);
        let (request, _) = request(mac, &Fields::parse(b"key=L3&reason=x"));
        assert_eq!(
            (request.action.as_str(), &request.params["n"]),
            ("L", &"3".into())
        );
        let (request, title) = super::request(mac, &Fields::parse(b"key=LEFT"));
        assert_eq!(
            (request.action.as_str(), title.as_str()),
            ("LEFT", "Press the left arrow")
        );
    }
}
