//! Pages that say why there is no page.

use serde::{Deserialize, Serialize};

use crate::list::Link;

/// Why there is no page, and the one next step.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FailureView {
    /// HTTP status.
    pub status: u16,
    /// Stable code: `not_found`, `denied`, `conflict`, `busy`, `sealed`, `unavailable`.
    pub code: String,
    /// Heading: "There is no such phone".
    pub title: String,
    /// One plain sentence: what happened.
    pub sentence: String,
    /// The one next step.
    pub next_step: String,
    /// Where that leads.
    pub link: Option<Link>,
    /// To find it in the log.
    pub request_id: String,
}

impl FailureView {
    /// No page at this address.
    pub fn not_found(request_id: impl Into<String>) -> Self {
        Self {
            status: 404,
            code: "not_found".to_owned(),
            title: "There is no such page".to_owned(),
            sentence: "Nothing lives at this address, or it was deleted.".to_owned(),
            next_step: "Look for it in the list of phones.".to_owned(),
            link: Some(Link::new("Phones", "/phones")),
            request_id: request_id.into(),
        }
    }

    /// The role does not allow it.
    pub fn denied(request_id: impl Into<String>) -> Self {
        Self {
            status: 403,
            code: "denied".to_owned(),
            title: "Your account may not do this".to_owned(),
            sentence: "Your role does not include it. The attempt was recorded.".to_owned(),
            next_step: "Ask an administrator to do it or to change your role.".to_owned(),
            link: Some(Link::new("Overview", "/")),
            request_id: request_id.into(),
        }
    }

    /// Somebody else changed it meanwhile.
    pub fn conflict(
        sentence: impl Into<String>,
        back: Link,
        request_id: impl Into<String>,
    ) -> Self {
        Self {
            status: 409,
            code: "conflict".to_owned(),
            title: "Somebody else changed this meanwhile".to_owned(),
            sentence: sentence.into(),
            next_step: "Open it again, look at what changed, and repeat your change.".to_owned(),
            link: Some(back),
            request_id: request_id.into(),
        }
    }

    /// The form did not come from a page of ours, or the page is too old.
    pub fn stale_form(request_id: impl Into<String>) -> Self {
        Self {
            status: 403,
            code: "stale_form".to_owned(),
            title: "This page is too old".to_owned(),
            sentence: "The form was made for another session, so nothing was changed.".to_owned(),
            next_step: "Go back, reload the page and send it again.".to_owned(),
            link: Some(Link::new("Overview", "/")),
            request_id: request_id.into(),
        }
    }

    /// Others were first.
    pub fn busy(again: Link, request_id: impl Into<String>) -> Self {
        Self {
            status: 503,
            code: "busy".to_owned(),
            title: "Carillon is busy".to_owned(),
            sentence: "Too many people want this at once. Nothing was changed.".to_owned(),
            next_step: "Wait a few seconds, then go back and send it again.".to_owned(),
            link: Some(again),
            request_id: request_id.into(),
        }
    }

    /// It failed on our side.
    pub fn internal(request_id: impl Into<String>) -> Self {
        Self {
            status: 500,
            code: "internal".to_owned(),
            title: "Carillon could not do this".to_owned(),
            sentence: "The fault is on our side and was written to the log.".to_owned(),
            next_step:
                "Try again in a moment; if it stays, give the request number to your administrator."
                    .to_owned(),
            link: Some(Link::new("Overview", "/")),
            request_id: request_id.into(),
        }
    }
}
