//! What changed about a phone, a site or a group, field by field.
//!
//! Owns the list that audit records keep and reviews show. *Invariant:* it is given no secret, so
//! it holds none.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::phone::Phone;

/// One field before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name, as in the API.
    pub field: String,
    /// What it was; empty when it was not set.
    pub old: String,
    /// What it is now; empty when it is not set.
    pub new: String,
}

/// The fields in which two texts of the same names differ.
pub fn between(old: &[(&'static str, String)], new: &[(&'static str, String)]) -> Vec<Change> {
    old.iter()
        .zip(new)
        .filter(|((_, before), (_, after))| before != after)
        .map(|((field, before), (_, after))| Change {
            field: (*field).to_owned(),
            old: before.clone(),
            new: after.clone(),
        })
        .collect()
}

/// The changes as an audit record keeps them: `{"label": {"old": "a", "new": "b"}}`.
pub fn detail(changes: &[Change]) -> Value {
    let fields = changes.iter().map(|change| {
        let pair = serde_json::json!({"old": change.old, "new": change.new});
        (change.field.clone(), pair)
    });
    Value::Object(fields.collect())
}

/// The text of a value that may be missing.
pub fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl Phone {
    /// Every field that people can edit, as text.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("label", self.label.clone()),
            ("extension", self.extension.clone()),
            ("model", self.model.clone()),
            ("site", text(self.site.as_ref())),
            ("tags", self.tags.join("; ")),
            ("address", text(self.address)),
            ("port", text(self.port)),
            ("scheme", text(self.scheme)),
            ("sip_uri", self.sip_uri.clone()),
            ("credential", text(self.credential.as_ref())),
            (
                "protected",
                if self.protected { "yes" } else { "no" }.to_owned(),
            ),
            ("notes", self.notes.clone()),
            ("url_form", self.url_form.to_string()),
            ("dial_form", self.dial_form.to_string()),
        ]
    }

    /// What is different in `new`.
    pub fn changes_to(&self, new: &Self) -> Vec<Change> {
        between(&self.fields(), &new.fields())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mac;

    #[test]
    fn only_what_differs_is_told() {
        let old = Phone::new(Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]));
        let mut new = old.clone();
        assert_eq!(old.changes_to(&new), []);
        new.label = "Desk".to_owned();
        new.port = Some(81);
        let changes = old.changes_to(&new);
        assert_eq!(changes.len(), 2);
        assert_eq!(detail(&changes)["port"]["new"], "81");
        assert_eq!(detail(&changes)["label"]["old"], "");
    }
}
