//! Both verifiers over the database of a test: what the program itself wrote is no finding.

use std::path::Path;
use std::process::Command;

use carillon_engine::audit::{Evidence, Verdict, signing_key, verify};
use carillon_engine::secrets::KeySource;
use carillon_engine::{Clock, Random};
use carillon_store::Store;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../tools/verify_audit.py"
);

/// Nothing is signed here, so that neither says more than that all fits.
pub(crate) async fn find_nothing(store: &Store, clock: &Clock, directory: &Path) {
    let source = KeySource::File(directory.join("signing.key"));
    let key = signing_key(store, &source, clock, &Random::system()).await;
    let key = key.unwrap().unwrap().public().clone();
    let fits = |told: &str| told.contains("fit each other");
    let evidence = Evidence {
        key: Some(key.clone()),
        kept: Vec::new(),
    };
    let verdict = verify(store, &evidence).await.unwrap();
    let fit = matches!(&verdict, Verdict::CannotTell(why) if fits(why));
    assert!(fit, "{verdict:?}");
    // The second one reads SQLite only.
    if store.is_shared() {
        return;
    }
    let run = Command::new("python3")
        .args(["-B", SCRIPT, "--vkey", &key.to_string()])
        .arg(directory.join("carillon.db"))
        .output()
        .unwrap();
    let told = String::from_utf8([run.stdout, run.stderr].concat()).unwrap();
    assert!(run.status.code() == Some(3) && fits(&told), "{told}");
}
