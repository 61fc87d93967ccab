//! The log as auditors meet it: signed, proven, taken away.

use std::path::Path;

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event};
use carillon_domain::role::Role;
use carillon_engine::audit::{InclusionProof, SignedCheckpoint, VerifierKey};
use carillon_store::TokenScope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::command_line::asked;
use crate::house::House;
use crate::pages_jobs::Person;
use crate::requests::Client;

/// Adds many records at once, as a large job does.
pub(crate) async fn record(house: &House, count: i64) {
    let event = |n| Event::new(Timestamp::from_micros(n), Actor::system(), "test.told");
    let events: Vec<_> = (0..count).map(event).collect();
    let unit = house.engine().store.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
}

/// The first checkpoint of at least so many records.
pub(crate) async fn checkpoint(api: &Client, size: i64) -> Value {
    loop {
        let answer = api.get("/audit/checkpoint").await;
        if answer.status == 200 && answer.json()["size"].as_i64().unwrap() >= size {
            return answer.json();
        }
        // Not a wait for something to have happened: the next look decides.
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn a_checkpoint_is_handed_out(house: House) -> House {
    let api = house.program(Role::Auditor).await;
    api.get("/audit/checkpoint").await.problem(404, "not_found");
    record(&house, 1000).await;
    let told = checkpoint(&api, 1000).await;
    let key: VerifierKey = told["key"].as_str().unwrap().parse().unwrap();
    let note: SignedCheckpoint = told["note"].as_str().unwrap().parse().unwrap();
    assert!(note.is_signed_by(&key));
    assert_eq!(note.checkpoint.size, told["size"].as_u64().unwrap());
    let proof = api.get("/audit/700/proof").await;
    assert_eq!(proof.status, 200, "{}", proof.text);
    let read: InclusionProof = proof.text.parse().unwrap();
    assert!(read.check(&key).unwrap().starts_with("{\"seq\":700,"));
    api.get("/audit/70000/proof")
        .await
        .problem(404, "not_found");
    let mut browser = Person::sign_in(&house, Role::Auditor).await;
    let page = browser.see("/audit/700").await.text;
    assert!(page.contains("/audit/700/proof"), "{page}");
    let file = browser.see("/audit/700/proof").await;
    assert_eq!(file.text, proof.text);
    let name = file.headers["content-disposition"].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"record-700.tlog-proof\"");
    let newest = api.get("/audit?limit=1").await.expect(200);
    let newest = newest["items"][0]["seq"].as_i64().unwrap();
    let refused = api.get(&format!("/audit/{newest}/proof")).await;
    refused.problem(409, "conflict");
    house
}

/// The count on the page, the rows of its export and the API agree, whatever came meanwhile.
pub(crate) async fn an_export_is_what_was_shown(house: House) -> House {
    let mut browser = Person::sign_in(&house, Role::Auditor).await;
    let api = house.program(Role::Auditor).await;
    record(&house, 300).await;
    let page = browser.see("/audit?action=test.told&period=all").await;
    let shown = page.text.contains("300 records");
    assert!(shown, "{}", page.text);
    let links = page
        .text
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next());
    let link = |format: &str| {
        let mut links = links.clone();
        let found = links.find(|href| href.starts_with("/audit/export") && href.contains(format));
        found.unwrap().replace("&amp;", "&")
    };
    record(&house, 50).await;
    let lines = browser.see(&link("jsonl")).await.text;
    // The last line says what the file is.
    assert_eq!(lines.lines().count(), 301);
    let last = lines.lines().last().unwrap();
    let last = &serde_json::from_str::<Value>(last).unwrap()["export"];
    assert_eq!(
        (&last["whole"], &last["records"]),
        (&json!(false), &json!(300))
    );
    let file = browser.see(&link("csv")).await.text;
    assert_eq!(file.lines().count(), 301);
    let ended = "/audit?action=audit.export_ended";
    let ended = api.get(ended).await.expect(200);
    let told = |item: &Value| item["entry"]["detail"]["rows"].as_i64();
    let rows: Vec<_> = ended["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(told)
        .collect();
    assert_eq!(rows, [Some(300), Some(300)]);
    let below = link("csv");
    let below = below.split("below=").nth(1).unwrap();
    let below = below.split('&').next().unwrap();
    let last = format!("/audit?action=test.told&below={below}&to=9999-12-31");
    let again = browser.see(&last).await;
    assert!(again.text.contains("300 records"), "{}", again.text);
    let exports = again
        .text
        .split('"')
        .filter(|part| part.starts_with("/audit/export"));
    for href in exports {
        assert_eq!(href.matches("below=").count(), 1, "{href}");
        let rows = browser.see(&href.replace("&amp;", "&")).await.text;
        // The last line of JSON Lines says what was taken, and by which filter.
        let is_record =
            |line: &&str| line.contains("test.told") && !line.starts_with(r#"{"export""#);
        assert_eq!(rows.lines().filter(is_record).count(), 300, "{href}");
    }
    let older = again.text.split('"').find(|part| part.contains("after="));
    assert!(
        older.unwrap().contains(&format!("below={below}")),
        "{older:?}"
    );
    let wrong = browser.browser.get("/audit/export?below=abc").await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    for path in ["/audit?below=abc", "/audit/export?below=abc"] {
        let wrong = api.get(path).await;
        assert_eq!(wrong.status, 422, "{}", wrong.text);
        assert!(
            wrong.text.contains("Give a whole number."),
            "{}",
            wrong.text
        );
    }
    let wrong = browser.see("/audit?below=abc").await.text;
    assert!(wrong.contains("Give a whole number.") && wrong.contains("id=\"f-below\""));
    for period in ["after=zzz", "before=zzz", "after=-1", "before=7.5"] {
        for more in ["", "&per=job", "&phone=nonsense"] {
            let lost = browser.see(&format!("/audit?{period}{more}")).await.text;
            assert!(
                lost.contains("names no place in the list"),
                "{period}{more}"
            );
        }
        let export = format!("/audit/export?{period}");
        assert_eq!(browser.browser.get(&export).await.status, 400, "{export}");
    }
    let lost = api.get("/audit?after=-1").await;
    assert!(lost.status.is_client_error(), "{}", lost.text);
    assert!(!wrong.contains("0 records") && !wrong.contains("Nothing matches"));
    let list = format!("/audit?action=test.told&limit=1000&below={below}");
    let list = api.get(&list).await.expect(200);
    let (head, row) = (file.lines().next(), file.lines().nth(1));
    assert!(
        head.unwrap()
            .ends_with(",boot,command,signed_in,actor_kind")
    );
    assert!(row.unwrap().ends_with(",,,system"));
    assert_eq!(list["items"].as_array().unwrap().len(), 300);
    // An export of everything ends before the record that tells of it.
    let all = api.get("/audit/export?format=jsonl").await.text;
    let taken = api
        .get("/audit?action=audit.exported&limit=1")
        .await
        .expect(200);
    let own = taken["items"][0]["seq"].as_i64().unwrap();
    assert_eq!(all.lines().count() as i64, own + 1);
    let last = all.lines().last().unwrap();
    let last = &serde_json::from_str::<Value>(last).unwrap()["export"];
    assert_eq!(
        (&last["whole"], &last["below"]),
        (&json!(true), &json!(own))
    );
    house
}

/// What is shown of one record at a time needs a token that may all that its account may.
pub(crate) async fn a_number_needs_a_token_that_may_everything(house: House) -> House {
    let why = json!({"reason": "asked by the works council"});
    for scope in [TokenScope::Read, TokenScope::Run] {
        let token = house.token(Role::Auditor, scope).await;
        let api = Client::with_token(&house.base(), &token);
        let refused = api.post("/audit/1/number", &why).await;
        let refused = refused.problem(403, "forbidden");
        assert!(refused["detail"].as_str().unwrap().contains(scope.as_str()));
    }
    let api = house.program(Role::Auditor).await;
    let none = api.post("/audit/1/number", &why).await;
    none.problem(404, "not_found");
    house
}

/// Browsers take files packed. An export of several parts comes to its end in each way.
pub(crate) async fn an_export_is_whole_when_packed(house: House) -> House {
    let api = house.program(Role::Auditor).await;
    record(&house, 4096).await;
    record(&house, 4096).await;
    for format in ["csv", "jsonl"] {
        let path = format!("/audit/export?format={format}&action=test.told");
        let plain = api.get(&path).await.text;
        assert!(plain.lines().count() >= 8192);
        for way in ["gzip", "br"] {
            let asking = api.request(Method::GET, &path);
            let packed = asking.header("accept-encoding", way).send().await.unwrap();
            assert_eq!(packed.headers()["content-encoding"], way);
            let packed = packed.bytes().await;
            let packed = packed.unwrap_or_else(|error| panic!("{format}, {way}: {error}"));
            assert!(packed.len() < plain.len() / 2, "{format}, {way}");
            if way == "gzip" {
                let mut text = String::new();
                let mut reader = flate2::read::GzDecoder::new(&packed[..]);
                std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
                // The last line of JSON Lines says when it was taken.
                let records = |text: &str| {
                    let lines = text
                        .lines()
                        .filter(|line| !line.starts_with(r#"{"export""#));
                    lines.map(str::to_owned).collect::<Vec<_>>()
                };
                assert!(records(&text) == records(&plain), "{format}");
            }
        }
    }
    house
}

/// Who leaves in the middle of an export has not taken all of it, and the log says so.
pub(crate) async fn an_export_that_nobody_takes_ends(house: House) -> House {
    let api = house.program(Role::Auditor).await;
    for _ in 0..20 {
        record(&house, 4096).await;
    }
    let export = api.request(Method::GET, "/audit/export?format=jsonl");
    let response = export.send().await.unwrap();
    assert_eq!(response.status(), 200);
    drop(response);
    let ended = loop {
        let ended = api
            .get("/audit?action=audit.export_ended")
            .await
            .expect(200);
        // Not a wait for something to have happened: the next look decides.
        if let Some(item) = ended["items"].get(0) {
            break item["entry"].clone();
        }
    };
    assert_eq!(ended["result"], "failed", "{ended}");
    assert!(
        ended["detail"]["rows"].as_i64().unwrap() < 81_920,
        "{ended}"
    );
    let begun = format!("/audit/{}", ended["detail"]["begun"]);
    let begun = api.get(&begun).await.expect(200);
    assert_eq!(begun["entry"]["action"], "audit.exported");
    house
}

async fn verify(dir: &Path, words: &[&str]) -> (i32, String, String) {
    asked(dir, &[&["audit", "verify"], words].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_checked_beside_the_server_and_after_it() {
    let house = House::open(None).await;
    let dir = house.dir.path().to_owned();
    let (status, _, err) = verify(&dir, &[]).await;
    assert_eq!(status, 3, "nothing is signed yet: {err}");
    let api = house.program(Role::Auditor).await;
    record(&house, 1000).await;
    checkpoint(&api, 1000).await;
    let (status, out, err) = verify(&dir, &[]).await;
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("intact: "), "{out}");
    let (status, out, err) = asked(&dir, &["audit", "prove", "500"]).await;
    assert_eq!((status, err.as_str()), (0, ""));
    assert_eq!(out, api.get("/audit/500/proof").await.text);
    let file = dir.join("record-500.tlog-proof");
    let check = ["--proof", file.to_str().unwrap()];
    std::fs::write(&file, out.replace("index 500", "index 501")).unwrap();
    let (status, _, err) = verify(&dir, &check).await;
    assert_eq!(status, 1, "{err}");
    std::fs::write(&file, &out).unwrap();
    let (status, out, err) = verify(&dir, &check).await;
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("{\"seq\":500,"), "{out}");
    let (status, _, err) = asked(&dir, &["audit", "export", "below=abc"]).await;
    assert!(err.contains("below: Give a whole number."), "{err}");
    assert_eq!(status, 2);
    let (status, _, err) = asked(&dir, &["audit", "prove", "70000"]).await;
    assert_eq!((status, err.lines().count()), (1, 1), "{err}");
    let signed = checkpoint(&api, 1000).await;
    let export = dir.join("export.jsonl");
    std::fs::write(&export, api.get("/audit/export?format=jsonl").await.text).unwrap();
    let kept = house.stop().await;
    an_export_from_before_is_no_cut_log(&dir, &export, &signed).await;
    let (status, out, _) = verify(&dir, &[]).await;
    assert_eq!(status, 0);
    assert!(!out.contains("not signed yet"), "the stop signs: {out}");
    let (status, _, _) = verify(&dir, &["--vkey", "nonsense"]).await;
    assert_eq!(status, 2);
    let elsewhere = tempfile::tempdir().unwrap();
    let pipe = elsewhere.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    // To open it would wait for somebody who writes.
    for export in [pipe.to_str().unwrap(), "/dev/null"] {
        let (status, _, err) = verify(&dir, &["--export", export]).await;
        assert!(status == 3 && err.contains("store it as one"), "{err}");
    }
    let (status, _, err) = verify(&dir, &["--anchor", "/nonexistent"]).await;
    assert_eq!((status, err.lines().count()), (3, 1), "{err}");
    // What was signed and is not there any more is missed.
    std::fs::remove_file(dir.join("carillon.db")).unwrap();
    let (status, _, err) = verify(&dir, &[]).await;
    assert_eq!(status, 3, "{err}");
    let (status, _, err) = asked(&dir, &["user", "list"]).await;
    assert_eq!(status, 78, "it was lost: {err}");
    assert!(err.contains("is missing or empty"), "{err}");
    // Somebody begins anew all the same, and the checkpoints come back.
    let (signed, aside) = (dir.join("checkpoints"), dir.join("aside"));
    std::fs::rename(&signed, &aside).unwrap();
    let (status, _, err) = asked(&dir, &["user", "list"]).await;
    assert_eq!(status, 0, "a new database: {err}");
    std::fs::rename(&aside, &signed).unwrap();
    let (status, _, err) = verify(&dir, &[]).await;
    assert_eq!(status, 1, "{err}");
    assert!(err.contains("cut"), "{err}");
    drop(kept);
}

/// Taken from a server that went on: beside what was signed by then it is whole, and beside what was
/// signed later both programs say that it is not all.
async fn an_export_from_before_is_no_cut_log(dir: &Path, export: &Path, signed: &Value) {
    let (note, later) = (dir.join("note"), dir.join("checkpoints"));
    std::fs::write(&note, signed["note"].as_str().unwrap()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/verify_audit.py");
    for (kept, expected, told) in [
        (&note, 0, "intact: "),
        (&later, 4, "not all that was signed: "),
    ] {
        let key = ["--vkey", signed["key"].as_str().unwrap()];
        let kept = ["--checkpoint", kept.to_str().unwrap()];
        let export = export.to_str().unwrap();
        let words = [&key[..], &kept, &["--export", export]].concat();
        let (status, out, err) = verify(elsewhere.path(), &words).await;
        assert_eq!((status, err.as_str()), (expected, ""), "{out}");
        let mut second = std::process::Command::new("python3");
        second.args(["-B", script]).args(key).args(kept).arg(export);
        let second = second.output().unwrap();
        assert_eq!(second.status.code(), Some(expected));
        let second = String::from_utf8(second.stdout).unwrap();
        for out in [out, second] {
            assert!(out.starts_with(told), "{out}");
        }
    }
}
