//! A panic in a handler is that request's error, not the server's end.

use std::any::Any;

use axum::response::{IntoResponse as _, Response};

use crate::problem::Problem;

/// Logs the panic and answers 500; what it said stays in the log.
pub fn answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = %said, "a handler panicked");
    Problem::internal("a handler panicked").into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use http::{Request, StatusCode};
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::answer;
    use crate::problem::{Code, Problem};

    async fn breaks() -> &'static str {
        let found = ["short"].into_iter().find(|word| word.len() > 9);
        found.expect("kq-said-in-a-panic-vx")
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_500_and_the_next_one_is_answered() {
        let router = Router::new()
            .route("/breaks", get(breaks))
            .route("/works", get(async || "works"))
            .layer(CatchPanicLayer::custom(answer));
        let ask = |path: &str| Request::get(path).body(Body::empty()).unwrap();
        let broken = router.clone().oneshot(ask("/breaks")).await.unwrap();
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let told = broken.extensions().get::<Problem>().unwrap();
        assert_eq!(told.code, Code::Internal);
        assert!(
            !told.detail.contains("kq-"),
            "what it said stays in the log"
        );
        let body = to_bytes(broken.into_body(), 1 << 16).await.unwrap();
        assert!(
            body.is_empty(),
            "it is dressed for whoever asked further out"
        );
        let works = router.oneshot(ask("/works")).await.unwrap();
        assert_eq!(works.status(), StatusCode::OK);
    }
}
