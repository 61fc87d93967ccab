//! `carillon send`: a job from a script, against a running server.

use std::collections::BTreeMap;
use std::time::Duration;

use carillon_contract::api::{Job, JobAccepted, Preview, Problem};
use carillon_domain::job::{Expect, JobOptions, JobRequest, TargetSpec, TransportChoice};
use carillon_domain::{Mac, Timestamp};
use clap::Args;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;

use super::progress::Progress;
use super::{Failure, Outcome, output};
use crate::config::client_environment;
use crate::problem::chain;

/// How often a waiting command looks.
const LOOK_EVERY: Duration = Duration::from_millis(400);
const PATIENCE: Duration = Duration::from_secs(30);

/// Send an action through a running server (`CARILLON_URL`, `CARILLON_TOKEN`).
#[derive(Args)]
pub(super) struct Send {
    /// Name of the action, as in the catalogue: Reboot, `DNDOn`, …
    action: String,
    /// A parameter of the action
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    param: Vec<(String, String)>,
    /// A phone; may be repeated
    #[arg(long, value_name = "MAC")]
    phone: Vec<Mac>,
    /// A group; may be repeated
    #[arg(long, value_name = "SLUG")]
    group: Vec<String>,
    /// Phones by the filter language; "" is every phone
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Why; it stands in the audit log
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Requests at once
    #[arg(long, value_name = "N")]
    window: Option<u32>,
    /// Most percent of a site at once
    #[arg(long, value_name = "PERCENT")]
    site_max_down_percent: Option<u32>,
    /// So many first, alone
    #[arg(long, value_name = "N")]
    canary: Option<u32>,
    /// Stop above so many percent failed
    #[arg(long, value_name = "PERCENT")]
    max_failed_percent: Option<u32>,
    /// Try again so often what surely was not sent
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// Most phones of a site at once
    #[arg(long, value_name = "N")]
    site_max_down: Option<u32>,
    /// The way: auto, https, http or sip
    #[arg(long, value_name = "WAY")]
    transport: Option<TransportChoice>,
    /// A random pause up to this before each phone
    #[arg(long, value_name = "MILLISECONDS")]
    jitter_ms: Option<u32>,
    /// Start then, not now
    #[arg(long, value_name = "TIME", value_parser = time)]
    start_at: Option<Timestamp>,
    /// Send nothing after this
    #[arg(long, value_name = "TIME", value_parser = time)]
    not_after: Option<Timestamp>,
    /// Wait for the end; exit 0 only if every phone took it
    #[arg(long)]
    wait: bool,
    /// The answer as JSON
    #[arg(long)]
    json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "write a time like 2026-11-22T22:00:00Z".to_owned())
}

impl Send {
    /// Previews, sends exactly what was previewed, and waits if asked to.
    pub(super) async fn run(self) -> Outcome {
        if self.phone.is_empty() && self.group.is_empty() && self.filter.is_none() {
            let line = "name phones with --phone, --group or --filter";
            return Err(Failure::Usage(line.to_owned()));
        }
        let server = Remote::from_environment()?;
        let mut request = self.request();
        let preview: Preview = server.post("/jobs/preview", &request).await?;
        request.expect = Some(Expect {
            count: u64::try_from(preview.count).unwrap_or(0),
            digest: preview.digest,
        });
        let accepted: JobAccepted = server.post("/jobs", &request).await?;
        if self.wait {
            return self.watch(&server, &accepted).await;
        }
        self.tell_accepted(&server, &accepted)
    }

    fn request(&self) -> JobRequest {
        let params = self.param.iter().cloned();
        JobRequest {
            action: self.action.clone(),
            params: params
                .map(|(name, value)| (name, serde_json::Value::from(value)))
                .collect::<BTreeMap<_, _>>(),
            targets: TargetSpec {
                phones: self.phone.clone(),
                groups: self.group.clone(),
                filter: self.filter.clone(),
            },
            options: self.options(),
            reason: self.reason.clone(),
            expect: None,
        }
    }

    fn options(&self) -> JobOptions {
        JobOptions {
            window: self.window,
            site_max_down_percent: self.site_max_down_percent,
            canary: self.canary,
            max_failed_percent: self.max_failed_percent,
            retries: self.retries,
            transport: self.transport,
            site_max_down: self.site_max_down,
            jitter_ms: self.jitter_ms,
            start_at: self.start_at,
            not_after: self.not_after,
            ..JobOptions::default()
        }
    }

    fn tell_accepted(&self, server: &Remote, accepted: &JobAccepted) -> Outcome {
        if self.json {
            output::line(&json(accepted)?);
        } else {
            let page = &accepted.links.page;
            output::line(&accepted.id);
            output::note(&format!(
                "{} phones, see {}{page}",
                accepted.total, server.base
            ));
        }
        Ok(())
    }

    async fn watch(&self, server: &Remote, accepted: &JobAccepted) -> Outcome {
        let progress = Progress::new(accepted.total);
        let job: Job = loop {
            let job: Job = server.get(&format!("/jobs/{}", accepted.id)).await?;
            progress.show(&job);
            if job.state.is_terminal() {
                break job;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        progress.end();
        if self.json {
            output::line(&json(&job)?);
        } else {
            output::line(&format!("{} {}: {}", job.id, job.state, job.counts));
        }
        if job.counts.verified + job.counts.acknowledged == job.total {
            Ok(())
        } else {
            Err(Failure::Silent)
        }
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::Failed(error.to_string()))
}

/// A running server.
struct Remote {
    base: String,
    token: SecretString,
    client: Client,
}

impl Remote {
    fn from_environment() -> Result<Self, Failure> {
        let (url, token) = client_environment();
        let token = token.ok_or_else(|| {
            let line = "CARILLON_TOKEN is not set: make one with `carillon token create`";
            Failure::Configuration(vec![line.to_owned()])
        })?;
        let base = url.unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
        let client = Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::Failed(chain(&error)))?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            token,
            client,
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(self.client.get(format!("{}/api/v1{path}", self.base)))
            .await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &JobRequest) -> Result<T, Failure> {
        let request = self.client.post(format!("{}/api/v1{path}", self.base));
        self.ask(request.json(body)).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let unreachable = |error: reqwest::Error| {
            let why = chain(&error);
            let base = &self.base;
            Failure::Failed(format!(
                "{base} cannot be reached: {why}; is CARILLON_URL right?"
            ))
        };
        let request = request.bearer_auth(self.token.expose_secret());
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| Failure::Failed(error.to_string()));
        }
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Failure::Failed(in_words(&problem)),
            Err(_) => Failure::Failed(format!("{} answered {status}", self.base)),
        })
    }
}

fn in_words(problem: &Problem) -> String {
    let fields = problem
        .errors
        .iter()
        .map(|e| format!("{}: {}", e.field, e.message));
    let fields = fields.collect::<Vec<_>>().join("; ");
    if fields.is_empty() {
        format!(
            "{}: {} (request {})",
            problem.title, problem.detail, problem.request_id
        )
    } else {
        format!(
            "{}: {fields} (request {})",
            problem.title, problem.request_id
        )
    }
}
