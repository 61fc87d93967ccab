//! A test stand: phones, a database, and a product that knows them.
//!
//! Owns the folder with all of it, and the judgement at the end of a job.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::accounts::administrator;
use super::delivery::{Question, Verdict, judge, read_lines};
use super::http::Api;
use super::options::Options;
use super::phones::{Phones, as_list};
use super::product::{Product, Setting};

/// The longest that a job is waited for.
const JOB_WITHIN: Duration = Duration::from_mins(10);
/// A storage that is well is told to be so within this.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// Everything that outlives the product.
pub(super) struct Stand {
    pub(super) dir: PathBuf,
    pub(super) phones: Phones,
    /// How the product is run; change it for the next start.
    pub(super) setting: Setting,
    token: String,
    keep: bool,
}

/// A job under test.
pub(super) struct Job {
    pub(super) id: String,
    pub(super) action: &'static str,
    /// Requests that the phones had seen before.
    from_request: usize,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Stand {
    /// Makes a stand: folder, phones, first administrator with a token, inventory.
    pub(super) fn set_up(
        options: &Options,
        scenario: Value,
        database: Option<String>,
    ) -> Result<Self, String> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("carillon-faults-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let data_dir = dir.join("data");
        let failed = |error: std::io::Error| format!("{}: {error}", dir.display());
        std::fs::create_dir_all(&data_dir).map_err(failed)?;
        let phones = Phones::start(&options.binary, &dir, scenario)?;
        let setting = Setting {
            binary: options.binary.clone(),
            data_dir,
            log: dir.join("product.log"),
            database,
            ..Setting::default()
        };
        let token = administrator(&setting)?;
        let stand = Self {
            dir,
            phones,
            setting,
            token,
            keep: options.keep,
        };
        stand.fill()?;
        Ok(stand)
    }

    /// Puts the phones into the product's inventory.
    fn fill(&self) -> Result<(), String> {
        let product = self.setting.start()?;
        let api = self.api(&product);
        let password = json!({ "name": "phones", "username": "admin", "password": "simulated" });
        api.post("/credentials", &password)?;
        let mut sites: Vec<_> = self.phones.list.iter().map(|phone| &phone.site).collect();
        sites.sort();
        sites.dedup();
        for site in sites {
            let site = json!({ "slug": site, "name": site, "credential": "phones",
                               "transport_security": "plain_http" });
            api.post("/sites", &site)?;
        }
        self.import(&as_list(&self.phones.list))?;
        product.stop()
    }

    /// Brings phones in, as somebody on this machine: a token may not lead a stored password to new
    /// places in clear.
    pub(super) fn import(&self, list: &str) -> Result<(), String> {
        let file = self.dir.join("phones.csv");
        std::fs::write(&file, list).map_err(|error| error.to_string())?;
        let mut command = self.setting.command();
        let said = command.args(["phones", "import"]).arg(&file).output();
        let said = said.map_err(|error| error.to_string())?;
        if said.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&said.stderr).into_owned())
    }

    /// Whether the signed log is as it was written, tells nothing that cannot have happened, and the
    /// tables stand where it brought them.
    ///
    /// # Errors
    /// What the check says when not.
    pub(super) fn log_is_intact(&self) -> Result<(), String> {
        let verified = self.setting.command().args(["audit", "verify"]).output();
        let verified = verified.map_err(|error| error.to_string())?;
        if verified.status.success() {
            return Ok(());
        }
        let (out, err) = (verified.stdout, verified.stderr);
        let said = String::from_utf8_lossy(&out).into_owned() + &String::from_utf8_lossy(&err);
        Err(format!("the audit log is not intact: {said}"))
    }

    pub(super) fn api(&self, product: &Product) -> Api {
        Api::new(&product.address, &self.token)
    }

    /// Begins a job over every phone.
    pub(super) fn begin(
        &self,
        api: &Api,
        action: &'static str,
        window: u64,
    ) -> Result<Job, String> {
        self.begin_with(api, action, &request(action, window))
    }

    /// Begins a job as it is ordered here.
    pub(super) fn begin_with(
        &self,
        api: &Api,
        action: &'static str,
        order: &Value,
    ) -> Result<Job, String> {
        let from_request = self.phones.requests();
        let job = api.post("/jobs", order)?;
        let id = job["id"].as_str().ok_or("a job without an id")?;
        Ok(Job {
            id: id.to_owned(),
            action,
            from_request,
        })
    }

    /// The newest job, if it is one of this action that is not over.
    pub(super) fn newest(
        api: &Api,
        action: &'static str,
        from_request: usize,
    ) -> Result<Option<Job>, String> {
        let jobs = api.get("/jobs?limit=1")?;
        let job = &jobs["items"][0];
        let id = job["id"]
            .as_str()
            .filter(|_| job["action"] == action && !is_over(job));
        Ok(id.map(|id| Job {
            id: id.to_owned(),
            action,
            from_request,
        }))
    }

    /// Compares what the product says of a finished job with what the phones did.
    pub(super) fn judge(&self, api: &Api, job: &Job) -> Result<Verdict, String> {
        let targets = self.export_targets(api, job)?;
        let path = format!("/api/v1/audit/export?format=jsonl&job={}", job.id);
        let audit = api.send("GET", &path, "", "")?;
        let file = self.dir.join(format!("audit-{}.jsonl", job.id));
        std::fs::write(&file, &audit.body).map_err(|error| error.to_string())?;
        let mut audit = read_lines(&file)?;
        // The export is newest first.
        audit.reverse();
        let ledger = read_lines(&self.phones.ledger)?;
        Ok(judge(&Question {
            action: job.action,
            phones: self
                .phones
                .list
                .iter()
                .map(|phone| phone.mac.clone())
                .collect(),
            targets,
            ledger: ledger.into_iter().skip(job.from_request).collect(),
            audit: Some(audit),
        }))
    }

    /// The same; anything wrong is an error.
    pub(super) fn judge_clean(&self, api: &Api, job: &Job) -> Result<Verdict, String> {
        let verdict = self.judge(api, job)?;
        if verdict.is_clean() {
            return Ok(verdict);
        }
        Err(format!(
            "{verdict}\n    the files are in {}",
            self.dir.display()
        ))
    }

    pub(super) fn export_targets(&self, api: &Api, job: &Job) -> Result<Vec<Value>, String> {
        let (mut targets, mut text) = (Vec::new(), String::new());
        let mut after = String::new();
        loop {
            let path = format!("/jobs/{}/targets?limit=1000{after}", job.id);
            let page = api.get(&path)?;
            for item in page["items"].as_array().ok_or("targets without items")? {
                text.push_str(&item.to_string());
                text.push('\n');
                targets.push(item.clone());
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        let file = self.dir.join(format!("targets-{}.jsonl", job.id));
        std::fs::write(file, text).map_err(|error| error.to_string())?;
        Ok(targets)
    }

    /// Throws the stand's files away, unless they are to be kept.
    pub(super) fn clear(self) {
        if !self.keep {
            drop(std::fs::remove_dir_all(&self.dir));
        }
    }
}

/// A job whose limits leave the pace to its window.
pub(super) fn request(action: &str, window: u64) -> Value {
    json!({
        "action": action, "targets": { "filter": "" }, "reason": "fault suite",
        "options": { "window": window, "canary": 0, "verify": false, "max_failed_percent": 100,
                     "site_max_down_percent": 100, "max_auth_failed": 0, "retries": 0,
                     "include_protected": true, "not_after": tomorrow() },
    })
}

/// A day from now: no campaign may end because its jobs expire.
fn tomorrow() -> Value {
    let asked = ["-u", "-d", "+1 day", "+%Y-%m-%dT%H:%M:%SZ"];
    let output = Command::new("date").args(asked).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.map_or(Value::Null, Value::from)
}

/// Looks at a job until `enough` says so.
pub(super) fn wait_for(
    api: &Api,
    job: &Job,
    what: &str,
    mut enough: impl FnMut(&Value) -> bool,
) -> Result<Value, String> {
    let started = Instant::now();
    loop {
        let now = api.get(&format!("/jobs/{}", job.id))?;
        if enough(&now) {
            return Ok(now);
        }
        if started.elapsed() > JOB_WITHIN {
            return Err(format!(
                "{what} did not happen within {JOB_WITHIN:?}: {now}"
            ));
        }
        std::thread::sleep(LOOK);
    }
}

/// Whether a job is over.
pub(super) fn is_over(job: &Value) -> bool {
    !job["finished_at"].is_null()
}

/// How many targets are in a state.
pub(super) fn count(job: &Value, state: &str) -> u64 {
    job["counts"][state].as_u64().unwrap_or_default()
}

/// How many targets ended with a cause.
pub(super) fn caused(job: &Value, cause: &str) -> u64 {
    let causes = job["causes"].as_array().into_iter().flatten();
    let found = causes.filter(|row| row["cause"] == cause);
    found.filter_map(|row| row["count"].as_u64()).sum()
}

/// Waits until the product says that it is ready: it does some seconds after its storage was ill.
pub(super) fn becomes_ready(api: &Api) -> Result<Duration, String> {
    let started = Instant::now();
    loop {
        let ready = api.send("GET", "/readyz", "", "")?;
        if ready.status == 200 {
            return Ok(started.elapsed());
        }
        if started.elapsed() > READY_WITHIN {
            return Err(format!("not ready after all: {}", ready.body));
        }
        std::thread::sleep(LOOK);
    }
}
