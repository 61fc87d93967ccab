//! Requests as programs send them.

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::Value;

/// A program with a token.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) base: String,
    token: Option<String>,
    pub(crate) http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn anonymous(base: &str) -> Self {
        // As the program does when it starts; the first of this process counts.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            base: base.to_owned(),
            token: None,
            http,
        }
    }

    pub(crate) fn with_token(base: &str, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..Self::anonymous(base)
        }
    }

    /// A request to a path below `/api/v1`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn import(&self, query: &str, csv: &str) -> Answer {
        let request = self.request(Method::POST, &format!("/phones/import{query}"));
        let request = request.header(header::CONTENT_TYPE, "text/csv");
        send(request.body(csv.to_owned())).await
    }

    /// Waits until a job is over, and looks at its sum each time.
    pub(crate) async fn finished(&self, id: &str) -> Value {
        loop {
            let job = self.get(&format!("/jobs/{id}")).await.expect(200);
            assert_eq!(sum(&job), job["total"], "{job}");
            if job["finished_at"].is_string() {
                return job;
            }
            // Not a wait for something to have happened: the next look decides.
            tokio::task::yield_now().await;
        }
    }
}

/// All states of a job together.
pub(crate) fn sum(job: &Value) -> i64 {
    let counts = job["counts"].as_object().unwrap();
    counts.values().map(|count| count.as_i64().unwrap()).sum()
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    Answer {
        status: answer.status(),
        headers: answer.headers().clone(),
        text: answer.text().await.unwrap(),
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The JSON of an answer with this status.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The problem of an answer with this status and code.
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let kind = self.headers.get(header::CONTENT_TYPE).cloned();
        let problem = self.expect(status);
        assert_eq!(kind.unwrap(), "application/problem+json");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        for name in ["type", "title", "detail", "request_id"] {
            assert!(problem[name].is_string(), "{name} in {problem}");
        }
        assert!(problem["errors"].is_array());
        problem
    }
}
