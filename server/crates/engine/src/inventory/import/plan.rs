//! A file beside the inventory: what each line would do.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use carillon_domain::Mac;
use carillon_domain::change::Change;
use carillon_domain::phone::{Phone, slugify};
use carillon_domain::phone_list::{
    Cell, Column, IgnoredColumn, ListError, PhoneList, RenamedColumn, Row, SiteName,
};
use carillon_store::{CredentialRow, PhoneRow, Unit};
use sha2::{Digest, Sha256};

use super::super::login::{self, Intent};
use super::shared::Places;
use super::{ImportReport, ImportReview, NewSite, ReviewRow};
use crate::Engine;
use crate::error::Result;

/// One valid line and what it makes of its phone.
pub(super) struct Item {
    pub(super) line: u64,
    pub(super) phone: Phone,
    /// Version of the stored phone; `None` for a new one.
    pub(super) version: Option<i64>,
    /// Without a password that is the stored one already.
    pub(super) changes: Vec<Change>,
    pub(super) intent: Intent,
}

/// Everything that a file would do.
#[derive(Default)]
pub(super) struct Planned {
    pub(super) creates: Vec<Item>,
    /// Also those that are given the password that they have, and nothing else.
    pub(super) updates: Vec<Item>,
    pub(super) unchanged: Vec<ReviewRow>,
    pub(super) new_sites: BTreeMap<String, NewSite>,
    /// The names of the sites that are there, by slug.
    pub(super) site_names: HashMap<String, String>,
    pub(super) errors: Vec<ListError>,
    pub(super) ignored: Vec<IgnoredColumn>,
    pub(super) renamed: Vec<RenamedColumn>,
    pub(super) places: Places,
    pub(super) total: usize,
    pub(super) blocked: bool,
    /// Lines that name an address that is never contacted.
    pub(super) forbidden: usize,
    /// Whether it may be told that a password is the stored one: else each that is given is a change.
    pub(super) tells_passwords: bool,
}

/// The inventory as far as a file touches it.
struct Known {
    phones: HashMap<Mac, PhoneRow>,
    logins: BTreeMap<Mac, CredentialRow>,
    credentials: HashSet<String>,
    /// Slugs of the sites, by slug and by lower-case name.
    sites: HashMap<String, String>,
    /// Their names by slug.
    names: HashMap<String, String>,
}

impl Known {
    /// The slug of the site that a file means: by its slug, else by its name.
    fn slug_of(&self, site: &SiteName) -> Option<&str> {
        let named = || self.sites.get(&site.name.to_lowercase());
        self.sites
            .get(&site.slug)
            .or_else(named)
            .map(String::as_str)
    }
}

impl Engine {
    /// Compares a list with the inventory as the unit sees it.
    pub(super) async fn plan_import(&self, unit: &mut Unit, list: PhoneList) -> Result<Planned> {
        let known = self.known(unit, &list).await?;
        let mut planned = Planned {
            errors: list.errors,
            ignored: list.ignored,
            renamed: list.renamed,
            total: list.total,
            blocked: list.blocked,
            ..Planned::default()
        };
        for row in &list.rows {
            self.plan_row(row, &known, &mut planned);
        }
        planned.errors.sort_by_key(|error| error.line);
        planned.site_names = known.names;
        Ok(planned)
    }

    async fn known(&self, unit: &mut Unit, list: &PhoneList) -> Result<Known> {
        let macs: Vec<Mac> = list.rows.iter().map(|row| row.mac).collect();
        let phones = unit.phones_by_macs(&macs).await?;
        let logins = unit.own_credentials(&macs).await?;
        let credentials = self.store.credentials().await?;
        let (mut sites, mut names) = (HashMap::new(), HashMap::new());
        let rows = unit.sites().await?;
        for row in &rows {
            sites.insert(row.site.name.to_lowercase(), row.site.slug.clone());
            names.insert(row.site.slug.clone(), row.site.name.clone());
        }
        // A slug goes before a name that looks like one.
        for row in rows {
            sites.insert(row.site.slug.clone(), row.site.slug);
        }
        Ok(Known {
            phones: phones.into_iter().map(|row| (row.phone.mac, row)).collect(),
            logins,
            credentials: credentials.into_iter().map(|row| row.name).collect(),
            sites,
            names,
        })
    }

    fn plan_row(&self, row: &Row, known: &Known, planned: &mut Planned) {
        let stored = known.phones.get(&row.mac);
        let before = stored.map_or_else(|| Phone::new(row.mac), |stored| stored.phone.clone());
        let mut phone = before.clone();
        row.apply_to(&mut phone, |site| {
            known
                .slug_of(site)
                .map_or_else(|| slugify(&site.name), str::to_owned)
        });
        let intent = match self.checked(row, &phone, &before, known) {
            Ok(intent) => intent,
            Err(mut errors) => {
                let blocked = self.check_listed_address(row, &phone, &before).is_err();
                planned.forbidden += usize::from(blocked);
                return planned.errors.append(&mut errors);
            }
        };
        if let Some(site) = row
            .site
            .value()
            .filter(|site| known.slug_of(site).is_none())
        {
            let has_own = intent.leaves_login(known.logins.contains_key(&row.mac));
            planned.count_new_site(site, has_own || phone.credential.is_some());
        }
        planned.places.add(&phone);
        let mut changes = before.changes_to(&phone);
        changes.extend(intent.changes());
        let item = Item {
            line: row.line,
            version: stored.map(|stored| stored.version),
            phone,
            changes,
            intent,
        };
        match item.version {
            None => planned.creates.push(item),
            Some(_) if item.changes.is_empty() && item.intent.not_told().is_none() => {
                planned.unchanged.push(item.review(true));
            }
            Some(_) => planned.updates.push(item),
        }
    }

    /// What a list alone cannot know: the guard, stored names, stored logins.
    fn checked(
        &self,
        row: &Row,
        phone: &Phone,
        before: &Phone,
        known: &Known,
    ) -> std::result::Result<Intent, Vec<ListError>> {
        let mut errors = Vec::new();
        if let Err((field, problem)) = self.check_listed_address(row, phone, before) {
            let fix = "correct it, or ask for the network to be allowed";
            errors.push(mistake(row, field, &shown(phone, field), problem, fix));
        }
        if let Cell::Value(name) = &row.credential
            && !known.credentials.contains(name)
        {
            let problem = "there is no stored credential of this name".to_owned();
            errors.push(mistake(
                row,
                Column::Credential,
                name,
                problem,
                "store it first, or correct the name",
            ));
        }
        let stored = known.logins.get(&row.mac);
        match login::intent(row, stored, self.keyring.as_ref()) {
            Ok(intent) if errors.is_empty() => return Ok(intent),
            Ok(_) => {}
            Err(login::PasswordMissing) => {
                let problem = "this phone has no password yet".to_owned();
                errors.push(mistake(row, Column::Password, "", problem, "give one"));
            }
        }
        Err(errors)
    }

    /// Every address in a file is checked, changed or not: the allowed networks may be narrower
    /// than when it came in.
    fn check_listed_address(
        &self,
        row: &Row,
        phone: &Phone,
        before: &Phone,
    ) -> std::result::Result<(), (Column, String)> {
        let mut beside = before.clone();
        if row.address.value().is_some() || row.port.value().is_some() {
            (beside.address, beside.port) = (None, None);
        }
        if row.sip_uri.value().is_some() {
            beside.sip_uri.clear();
        }
        self.check_reachable(phone, &beside)
            .map_err(|(field, problem)| {
                let column = match field {
                    "port" => Column::Port,
                    "sip_uri" => Column::SipUri,
                    _ => Column::Address,
                };
                (column, problem)
            })
    }
}

fn shown(phone: &Phone, column: Column) -> String {
    match column {
        Column::Port => carillon_domain::change::text(phone.port),
        Column::SipUri => phone.sip_uri.clone(),
        _ => carillon_domain::change::text(phone.address),
    }
}

fn mistake(row: &Row, column: Column, value: &str, problem: String, fix: &str) -> ListError {
    ListError {
        line: row.line,
        column: column.to_string(),
        value: value.to_owned(),
        problem,
        fix: fix.to_owned(),
    }
}

impl Item {
    /// What is shown of it; without `tells_passwords`, one that is given counts as another.
    fn review(&self, tells_passwords: bool) -> ReviewRow {
        let not_told = self.intent.not_told().filter(|_| !tells_passwords);
        ReviewRow {
            line: self.line,
            mac: self.phone.mac,
            name: self.phone.display_name(),
            changes: self.changes.iter().cloned().chain(not_told).collect(),
        }
    }
}

impl Planned {
    fn count_new_site(&mut self, site: &SiteName, has_credential: bool) {
        let new = self
            .new_sites
            .entry(site.slug.clone())
            .or_insert_with(|| NewSite {
                slug: site.slug.clone(),
                name: site.name.clone(),
                phones: 0,
                without_credential: 0,
            });
        new.phones += 1;
        new.without_credential += usize::from(!has_credential);
    }

    /// How many lines have a mistake.
    pub(super) fn error_rows(&self) -> usize {
        let lines: BTreeSet<u64> = self.errors.iter().map(|error| error.line).collect();
        lines.iter().filter(|line| **line > 0).count()
    }

    /// As it stands for somebody who may, or may not, be told whether a password is the stored one.
    pub(super) fn telling(mut self, tells_passwords: bool) -> Self {
        self.tells_passwords = tells_passwords;
        if tells_passwords {
            return self;
        }
        let changed = self.updates.iter_mut();
        for item in changed.filter(|item| !item.changes.is_empty()) {
            item.changes.extend(item.intent.not_told());
            item.intent = std::mem::replace(&mut item.intent, Intent::Keep).anew();
        }
        self
    }

    /// Takes out what is given the password that it has, and nothing else: of it nothing is written.
    pub(super) fn leave_what_stays(&mut self) {
        let stays = |item: &mut Item| item.changes.is_empty();
        let stay: Vec<Item> = self.updates.extract_if(.., stays).collect();
        self.unchanged
            .extend(stay.iter().map(|item| item.review(true)));
    }

    /// How many phones would be changed, and how many stay, as far as it may be told.
    pub(super) fn counts(&self) -> (usize, usize) {
        let stays = |item: &&Item| self.tells_passwords && item.changes.is_empty();
        let stay = self.updates.iter().filter(stays).count();
        (self.updates.len() - stay, self.unchanged.len() + stay)
    }

    /// Of what would be done with this file: changes whenever a review would look different. It says
    /// nothing of whether a password is the stored one.
    pub(super) fn digest(&self, sha256_of_file: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(sha256_of_file);
        hash.update([u8::from(self.blocked)]);
        for item in self.creates.iter().chain(&self.updates) {
            hash.update(item.phone.mac.bytes());
            hash.update(item.version.unwrap_or_default().to_be_bytes());
            let changes = item.changes.len() + usize::from(item.intent.not_told().is_some());
            hash.update((changes as u64).to_be_bytes());
            hash.update(item.intent.beside().to_be_bytes());
        }
        for (place, parts) in [
            self.unchanged
                .iter()
                .map(|row| row.line)
                .collect::<Vec<_>>(),
            self.errors.iter().map(|error| error.line).collect(),
        ]
        .into_iter()
        .enumerate()
        {
            hash.update([place as u8]);
            for line in parts {
                hash.update(line.to_be_bytes());
            }
        }
        for slug in self.new_sites.keys() {
            hash.update(slug);
            hash.update([0]);
        }
        hex::encode(hash.finalize())
    }

    pub(super) fn report(&self) -> ImportReport {
        let (updated, unchanged) = self.counts();
        ImportReport {
            created: self.creates.len(),
            updated,
            unchanged,
            new_sites: self.new_sites.values().cloned().collect(),
            errors: self.errors.clone(),
            applied: false,
        }
    }

    pub(super) fn review(mut self) -> ImportReview {
        let tells = self.tells_passwords;
        if tells {
            self.leave_what_stays();
            self.unchanged.sort_by_key(|row| row.line);
        }
        let made = self.new_sites.values();
        self.site_names
            .extend(made.map(|site| (site.slug.clone(), site.name.clone())));
        let rows = |items: &[Item]| items.iter().map(|item| item.review(tells)).collect();
        ImportReview {
            error_rows: self.error_rows(),
            created: rows(&self.creates),
            updated: rows(&self.updates),
            unchanged: self.unchanged,
            new_sites: self.new_sites.into_values().collect(),
            site_names: self.site_names,
            errors: self.errors,
            ignored: self.ignored,
            renamed: self.renamed,
            shared: self.places.shared(),
            total: self.total,
            blocked: self.blocked,
            forbidden: self.forbidden,
            ..ImportReview::default()
        }
    }
}
