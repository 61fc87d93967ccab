//! How many files somebody takes at once.
//!
//! Owns the place that each export holds until its last byte. *Invariant:* whoever asks for many
//! large files keeps nobody else's pages waiting: one account has a few, whatever its tokens.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use carillon_language::say;
use futures_util::StreamExt as _;

use super::identify::Visitor;
use crate::app::App;
use crate::feed::unbuffered;
use crate::places::Seat;
use crate::problem::{Code, Problem};

/// Lets one more export of an account begin, or says that there are too many.
pub async fn limit(request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    let account = extensions.get::<Visitor>().and_then(|visitor| {
        let caller = visitor.caller.as_ref()?;
        caller.user_id.clone()
    });
    let (Some(app), Some(account)) = (extensions.get::<App>(), account) else {
        return Problem::internal("an export for nobody").into_response();
    };
    let Some(place) = app.places().take(Seat::Export, &account) else {
        let detail = say("You are taking several files already: wait until one is there.");
        return Problem::new(Code::Busy).detail(detail).into_response();
    };
    let response = next.run(request).await.map(|body| {
        let parts = body.into_data_stream().map(move |part| {
            // Given back with the stream, also when nobody takes the rest.
            let _held = &place;
            part
        });
        Body::from_stream(parts)
    });
    unbuffered(response)
}
