//! `carillon audit verify`: whether the log, or one record of it, is what was written and signed.
//!
//! Reads the database, or an export, and nothing else; an examined copy stays as it is.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use carillon_engine::audit::{
    Evidence, InclusionProof, NoNote, Notes, ProofFault, RemoteSigner, SignedCheckpoint, Verdict,
    VerifierKey, notes, verify, verify_export,
};
use carillon_engine::rows::look_at_rows;
use carillon_store::{DataDirLock, Store};
use clap::Args;

use super::super::{Failure, Outcome, output};
use super::told::{Passed, part, told};
use crate::config::Settings;
use crate::local::client;
use crate::local::command::Command;
use crate::problem::chain;
use crate::startup;

#[derive(Args)]
pub(in crate::cli) struct Verify {
    /// A checkpoint, or several one after another, that was kept elsewhere
    #[arg(long, value_name = "PATH")]
    checkpoint: Vec<PathBuf>,
    /// What an outside anchor wrote: a file, a folder of files, or lines of syslog
    #[arg(long, value_name = "PATH")]
    anchor: Vec<PathBuf>,
    /// The key whose signatures count, as you noted it; else the signer's, or that of the signing
    /// key's file
    #[arg(long, value_name = "KEY")]
    vkey: Option<VerifierKey>,
    /// The proof of one record: checks that, and no database
    #[arg(long, value_name = "FILE", conflicts_with_all = ["checkpoint", "anchor"])]
    proof: Option<PathBuf>,
    /// A JSON Lines export of the whole log: checks that, and no database
    #[arg(long, value_name = "FILE", conflicts_with = "proof")]
    export: Option<PathBuf>,
}

impl Verify {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        if let Some(file) = &self.proof {
            return self.one(file, settings).await;
        }
        let (evidence, passed) = self.evidence(settings).await?;
        if let Some(file) = &self.export {
            return exported(file, &evidence, passed);
        }
        let store = open(settings).await?;
        let verdict = verify(&store, &evidence).await;
        let rows = rows(settings, &store).await;
        store.close().await;
        let verdict = verdict.map_err(|error| {
            Failure::CannotTell(format!(
                "cannot tell: the log cannot be read: {}",
                chain(&error)
            ))
        })?;
        let (outcome, text) = match verdict {
            Verdict::Intact(intact) => match rows? {
                Rows::Forged(what) => {
                    let text = format!("tampered: {what}");
                    (Err(Failure::Failed(text.clone())), text)
                }
                Rows::Told(rows) => (Ok(()), format!("{}; {rows}", told(&intact, None, passed))),
            },
            Verdict::Tampered(finding) => {
                let text = format!("tampered: {finding}");
                (Err(Failure::Failed(text.clone())), text)
            }
            Verdict::CannotTell(why) => {
                let text = format!("cannot tell: {why}");
                (Err(Failure::CannotTell(text.clone())), text)
            }
        };
        if outcome.is_ok() {
            output::line(&text);
        }
        note(settings, outcome.is_ok(), text).await;
        outcome
    }

    /// Checks the proof of one record.
    async fn one(&self, file: &Path, settings: &Settings) -> Outcome {
        let cannot = |why: String| Failure::CannotTell(format!("cannot tell: {why}"));
        let unreadable = |why: String| cannot(format!("{} cannot be read: {why}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
        let proof: InclusionProof = text
            .parse()
            .map_err(|error: NoNote| unreadable(error.to_string()))?;
        let key = self
            .key(settings)
            .await
            .ok_or_else(|| cannot("there is no key to check with; give --vkey".to_owned()))?;
        match proof.check(&key) {
            Ok(entry) => {
                let size = proof.checkpoint.checkpoint.size;
                output::line(&format!(
                    "proven: record {} of {}, under the checkpoint of {size} records\n{entry}",
                    proof.index,
                    key.name()
                ));
                Ok(())
            }
            Err(fault @ ProofFault::NoRecord) => Err(cannot(fault.to_string())),
            Err(fault) => {
                let finding = format!("tampered: record {}: {fault}", proof.index);
                Err(Failure::Failed(finding))
            }
        }
    }

    async fn key(&self, settings: &Settings) -> Option<VerifierKey> {
        match &self.vkey {
            Some(key) => Some(key.clone()),
            None => startup::public_key(settings).await,
        }
    }

    /// What to compare with, and how much was passed over.
    async fn evidence(&self, settings: &Settings) -> Result<(Evidence, Passed), Failure> {
        let key = self.key(settings).await.ok_or_else(|| {
            Failure::CannotTell(
                "cannot tell: there is no key to check signatures with; give --vkey".to_owned(),
            )
        })?;
        let (mut kept, mut passed) = (Vec::new(), Passed::default());
        let mut take = |file: &Path| -> Result<usize, Failure> {
            let notes = read(file, &key)?;
            let source = file.display().to_string();
            let count = notes.found.len();
            passed.lines += notes.ignored;
            passed.notes += notes.unread;
            kept.extend(notes.found.into_iter().map(|note| (source.clone(), note)));
            Ok(count)
        };
        for path in self.checkpoint.iter().chain(&self.anchor) {
            let mut found = 0;
            for file in files_of(path)? {
                found += take(&file)?;
            }
            if found == 0 {
                let why = format!("cannot tell: {} holds no checkpoint", path.display());
                return Err(Failure::CannotTell(why));
            }
        }
        let known = std::iter::once(startup::journal(settings)).chain(settings.anchors.clone());
        for file in known.filter(|file| file.exists()) {
            take(&file)?;
        }
        kept.extend(remembered(settings, &key).await);
        let key = Some(key);
        Ok((Evidence { key, kept }, passed))
    }
}

/// Checks an export. What a file says of itself is believed as far as it says that it is not all.
fn exported(file: &Path, evidence: &Evidence, passed: Passed) -> Outcome {
    let mut opened = open_export(file).map_err(|error| {
        let file = file.display();
        Failure::CannotTell(format!("cannot tell: {file} cannot be read: {error}"))
    })?;
    match verify_export(&mut opened, evidence) {
        Verdict::Intact(intact) => {
            let not_all = part(&intact);
            output::line(&told(&intact, not_all.as_deref(), passed));
            not_all.map_or(Ok(()), |_| Err(Failure::Partly))
        }
        Verdict::Tampered(finding) => Err(Failure::Failed(format!("tampered: {finding}"))),
        Verdict::CannotTell(why) => Err(Failure::CannotTell(format!("cannot tell: {why}"))),
    }
}

/// It is read from its end, where its oldest record stands. To open a pipe that nobody writes to would
/// wait for somebody.
fn open_export(file: &Path) -> io::Result<File> {
    if std::fs::metadata(file)?.is_file() {
        return File::open(file);
    }
    let why = "it is no file that can be read from its end: store it as one";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

/// What the signer remembers, where one is named and there: nobody who owns the database can cut
/// that.
async fn remembered(settings: &Settings, key: &VerifierKey) -> Option<(String, SignedCheckpoint)> {
    let signer = RemoteSigner::new(settings.signer.clone()?);
    let last = signer.last().await.ok().filter(|last| last.key == *key)?;
    let some = last.note.checkpoint.size > 0;
    some.then(|| ("the signer".to_owned(), last.note))
}

/// That somebody checked is a record of the log, where its server runs. A copy that is examined
/// stays as it is, and the server beside it hears nothing of it. What came of it counts all the same
/// where that cannot be recorded.
async fn note(settings: &Settings, intact: bool, told: String) {
    let copy = |file: &PathBuf| !DataDirLock::is_held(file);
    if startup::sqlite_file(settings).as_ref().is_some_and(copy) {
        return;
    }
    let noted = client::tell(settings, Command::AuditVerified { intact, told }).await;
    if let Err(error) = noted {
        output::note(&format!("this check was not recorded: {}", chain(&error)));
    }
}

/// What is to be said of the rows that decide security.
enum Rows {
    /// All are genuine, or why nobody can tell.
    Told(String),
    /// Some are not; the first is named.
    Forged(String),
}

/// Whether the rows that decide security are as Carillon wrote them. That takes the key file: an
/// auditor who has none learns that nobody looked.
async fn rows(settings: &Settings, store: &Store) -> Result<Rows, Failure> {
    let keyring = match startup::key_source(settings).load() {
        Ok(keyring) => keyring,
        Err(error) => {
            let text = format!("rows not looked at: {}", chain(&error));
            return Ok(Rows::Told(text));
        }
    };
    let looked = look_at_rows(store, &keyring).await.map_err(|error| {
        let why = chain(&error);
        Failure::CannotTell(format!("cannot tell: the rows cannot be read: {why}"))
    })?;
    let Some(looked) = looked else {
        let text = "rows not looked at: an earlier program signed none".to_owned();
        return Ok(Rows::Told(text));
    };
    let Some(first) = looked.forged.first() else {
        return Ok(Rows::Told(format!("{} rows genuine", looked.genuine)));
    };
    Ok(Rows::Forged(format!(
        "{} {:?}: changed outside Carillon ({} such rows in all)",
        first.rows,
        first.name,
        looked.forged.len()
    )))
}

/// The database, neither made nor brought up to date.
pub(super) async fn open(settings: &Settings) -> Result<Store, Failure> {
    let cannot = |why: String| Failure::CannotTell(format!("cannot tell: {why}"));
    if let Some(file) = startup::sqlite_file(settings).filter(|file| !file.exists()) {
        return Err(cannot(format!(
            "there is no database at {}",
            file.display()
        )));
    }
    let opened = Store::open(&startup::database_url(settings)).await;
    opened.map_err(|error| cannot(format!("the database cannot be opened: {}", chain(&error))))
}

/// The file, or all files below the folder, by name.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let cannot = |error: std::io::Error| {
        let folder = path.display();
        Failure::CannotTell(format!("cannot tell: {folder} cannot be read: {error}"))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(cannot)? {
        found.extend(files_of(&entry.map_err(cannot)?.path())?);
    }
    found.sort();
    Ok(found)
}

fn read(file: &Path, key: &VerifierKey) -> Result<Notes, Failure> {
    let cannot = |why: String| {
        Failure::CannotTell(format!(
            "cannot tell: {} cannot be read: {why}",
            file.display()
        ))
    };
    let text = std::fs::read_to_string(file).map_err(|error| cannot(error.to_string()))?;
    notes(&text, key).map_err(|error| cannot(error.to_string()))
}
