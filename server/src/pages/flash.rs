//! What the last change came to, carried over the redirect in a signed cookie.
//!
//! *Invariant:* only texts that we wrote are shown: a cookie that somebody else planted fails its
//! signature and is as if it were not there.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carillon_contract::frame::Flash;
use carillon_engine::Engine;
use http::{HeaderMap, HeaderValue};

use crate::cookies::Cookie;
use crate::origin::Origin;

/// A page that is loaded later than this after the change says nothing of it.
const SECONDS: u32 = 60;

/// The message that came along, if it is ours.
pub fn read(engine: &Engine, headers: &HeaderMap, origin: &Origin) -> Option<Flash> {
    let cookie = Cookie::Flash.read(headers, origin)?;
    let (payload, signature) = cookie.split_once('.')?;
    let ours = engine.form_token_matches(&bound(payload), signature);
    if !ours.unwrap_or(false) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// The cookie that carries a message to the next page.
pub fn write(engine: &Engine, flash: &Flash, origin: &Origin) -> Option<HeaderValue> {
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(flash).ok()?);
    let signature = engine.form_token(&bound(&payload)).ok()?;
    Cookie::Flash.set_for(&format!("{payload}.{signature}"), origin, SECONDS)
}

/// Sets messages apart from everything else that the same key signs.
fn bound(payload: &str) -> String {
    format!("flash:{payload}")
}
