//! A disk without one free block, and nothing that is to be kept free: small writes still go through
//! now and then. Whoever looks is told all the same, each time, until there is room.

use std::time::{Duration, Instant};

use super::accounts::{PASSWORD, account};
use super::disk::{Disk, fill, move_data};
use super::http::Api;
use super::options::Options;
use super::phones::honest;
use super::stand::{Job, READY_WITHIN, Stand, becomes_ready, is_over, wait_for};

const PHONES: u64 = 600;
const ANSWER_MS: u64 = 30;
const WINDOW: u64 = 16;
/// Looks while the disk is full, and the time between two.
const LOOKS: usize = 24;
const BETWEEN: Duration = Duration::from_secs(1);
/// Words of both banners: of writes that failed, and of a disk on which they will.
const TOLD: [&str; 2] = [
    "Not everything can be written down",
    "The disk is nearly full",
];

/// Fills a disk and looks at a page and at `/readyz`; then makes room. `None` where no disk can be
/// mounted.
pub(super) fn is_told(options: &Options) -> Result<Option<String>, String> {
    let place = std::env::temp_dir().join(format!("carillon-full-{}", std::process::id()));
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    let Some(disk) = Disk::mount(&place, "24m") else {
        println!("   skipped: no tmpfs can be mounted here");
        return Ok(None);
    };
    let mut stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), None)?;
    account(&stand.setting, ("vera", "viewer"))?;
    move_data(&mut stand, &place)?;
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let browser = api.signed_in("vera", PASSWORD)?;
    if banner(&browser)? {
        return Err("a disk with room was told to be full".to_owned());
    }
    let job = stand.begin(&api, "DNDOn", WINDOW)?;
    let ballast = place.join("ballast");
    fill(&ballast);
    let (pages, answers) = look(&api, &browser)?;
    std::fs::remove_file(&ballast).map_err(|error| error.to_string())?;
    let gone = goes(&stand, (&api, &browser), &job)?;
    if (pages, answers) != (LOOKS, LOOKS) {
        return Err(format!(
            "told on {pages} pages and in {answers} answers of {LOOKS}"
        ));
    }
    product.stop()?;
    stand.clear();
    drop(disk);
    Ok(Some(format!(
        "no free block, --min-free 0: told on {pages} of {LOOKS} pages and in {answers} of {LOOKS} \
         answers of /readyz; {:.1} s after there was room no more",
        gone.as_secs_f64()
    )))
}

fn banner(browser: &Api) -> Result<bool, String> {
    let page = browser.send("GET", "/jobs", "", "")?;
    if page.status != 200 {
        return Err(format!("/jobs was answered {}", page.status));
    }
    Ok(TOLD.iter().any(|words| page.body.contains(words)))
}

/// How often a page and `/readyz` say it.
fn look(api: &Api, browser: &Api) -> Result<(usize, usize), String> {
    let (mut pages, mut answers) = (0, 0);
    for _ in 0..LOOKS {
        pages += usize::from(banner(browser)?);
        answers += usize::from(api.send("GET", "/readyz", "", "")?.status == 503);
        std::thread::sleep(BETWEEN);
    }
    Ok((pages, answers))
}

/// Both go by themselves, and the job comes to its end.
fn goes(stand: &Stand, (api, browser): (&Api, &Api), job: &Job) -> Result<Duration, String> {
    let back = Instant::now();
    becomes_ready(api)?;
    let took = back.elapsed();
    if took > READY_WITHIN || banner(browser)? {
        return Err("told when there was room again".to_owned());
    }
    wait_for(api, job, "the job's end", is_over)?;
    stand.judge_clean(api, job)?;
    Ok(took)
}
