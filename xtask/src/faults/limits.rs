//! Limits on what the product may use: the size of a file, descriptors, room on the disk.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::Api;
use super::options::Options;
use super::phones::honest;
use super::stand::{Job, Stand, is_over, request, wait_for};

const PHONES: u64 = 600;
const ANSWER_MS: u64 = 30;
const WINDOW: u64 = 16;
/// How long the product meets its limit.
const LIMITED: Duration = Duration::from_secs(3);

/// No file may grow beyond a little more than it is: the job stops where it is, and the truth
/// comes out after a start without the limit.
pub(super) fn file_size(options: &Options) -> Result<String, String> {
    let mut stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), None)?;
    let file = stand.setting.data_dir.join("carillon.db");
    let size = std::fs::metadata(&file)
        .map_err(|error| error.to_string())?
        .len();
    // In blocks of 512 bytes, as dash has it. The log of so many phones is larger than this.
    let blocks = (size / 512).min(2048);
    limited(&mut stand, &format!("ulimit -f {blocks}"));
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = stand.begin(&api, "DNDOn", WINDOW);
    std::thread::sleep(LIMITED);
    drop(product);
    stand.setting.before.clear();
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = match job {
        Ok(job) => job,
        // The job itself was too large; then it must not be there.
        Err(_) if api.get("/jobs")?["items"] == json!([]) => stand.begin(&api, "DNDOn", WINDOW)?,
        Err(why) => return Err(format!("refused and yet there: {why}")),
    };
    finish_interrupted(&api, &job)?;
    let verdict = stand.judge_clean(&api, &job)?;
    product.stop()?;
    stand.clear();
    Ok(format!(
        "RLIMIT_FSIZE {blocks} blocks: {} interrupted, 0 false",
        verdict.interrupted
    ))
}

/// Few descriptors: slower, and nothing else.
pub(super) fn descriptors(options: &Options) -> Result<String, String> {
    let mut stand = Stand::set_up(options, honest(PHONES, 5, 0), None)?;
    limited(&mut stand, "ulimit -n 64");
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = stand.begin(&api, "DNDOn", 256)?;
    wait_for(&api, &job, "the job's end", is_over)?;
    let verdict = stand.judge_clean(&api, &job)?;
    drop(product);
    stand.clear();
    let took = verdict.states.get("acknowledged").copied().unwrap_or(0);
    Ok(format!(
        "RLIMIT_NOFILE 64: {took} of {PHONES} acknowledged, 0 false"
    ))
}

/// A shell that sets a limit and then becomes the product.
fn limited(stand: &mut Stand, limit: &str) {
    let words = ["sh", "-c", &format!("{limit}; exec \"$0\" \"$@\"")];
    stand.setting.before = words.iter().map(|word| (*word).to_owned()).collect();
    stand.setting.becomes_the_program = true;
}

/// Less room than is to be kept free: no new job, and the reason in the answer.
pub(super) fn room(options: &Options) -> Result<String, String> {
    let mut stand = Stand::set_up(options, honest(4, 0, 0), None)?;
    // More than any disk has.
    stand.setting.flags = vec!["--min-free".to_owned(), u32::MAX.to_string()];
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let refused = api.try_post("/jobs", &request("DNDOn", WINDOW))?;
    let detail: Value = refused.json()["detail"].clone();
    let said = detail.as_str().unwrap_or_default();
    if refused.status != 503 || !said.contains("nearly full") {
        return Err(format!("answered {}: {}", refused.status, refused.body));
    }
    product.stop()?;
    stand.clear();
    Ok("less room than --min-free: a new job is refused, and told why".to_owned())
}

/// Lets a job go on that was left in the middle, to its end.
fn finish_interrupted(api: &Api, job: &Job) -> Result<Value, String> {
    let state = api.get(&format!("/jobs/{}", job.id))?;
    if state["state"] == "interrupted" {
        api.post(&format!("/jobs/{}/resume", job.id), &json!({}))?;
    }
    wait_for(api, job, "the job's end", is_over)
}
