//! The benchmarks: dispatch in ratios to a bare loop, and every page against its budget.
//!
//! Owns the databases that are filled for them. Invariant: what was filled is removed afterwards,
//! also when measuring failed.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::browser;
use crate::postgres::Cluster;
use crate::process::{cargo, run};
use crate::workspace::target_dir;

/// Builds the release and measures it, on SQLite and on a durable throw-away Postgres.
pub(crate) fn dispatch(flags: impl Iterator<Item = OsString>) -> Result<(), String> {
    for package in ["carillon", "carillon-bench"] {
        release(&["-p", package, "--features", "jemalloc"])?;
    }
    let cluster = Cluster::start_durable()?;
    let programs = target_dir()?.join("release");
    run(Command::new(programs.join("carillon-bench"))
        .arg("--server")
        .arg(programs.join("carillon"))
        .args(["--postgres", &cluster.socket_url()])
        .args(flags))
}

fn release(what: &[&str]) -> Result<(), String> {
    run(cargo().args(["build", "--locked", "--release"]).args(what))
}

/// Name and password of the account that looks at the pages of a throw-away installation.
const ACCOUNT: (&str, &str) = ("browser", "bells at noon and at nine");

/// How much is filled, and into which databases.
struct Size {
    phones: String,
    results: String,
    records: String,
    sqlite: bool,
    postgres: bool,
}

impl Size {
    fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut size = Self {
            phones: "20000".to_owned(),
            results: "1000000".to_owned(),
            records: "5000000".to_owned(),
            sqlite: true,
            postgres: true,
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let value = words.next().ok_or(format!("{word} needs a value"))?;
            match word.as_str() {
                "--phones" => size.phones = value,
                "--results" => size.results = value,
                "--records" => size.records = value,
                "--only" => (size.sqlite, size.postgres) = (value == "sqlite", value == "postgres"),
                _ => {
                    return Err(format!(
                        "{word}: known are --phones, --results, --records, --only"
                    ));
                }
            }
        }
        Ok(size)
    }
}

/// Fills each database and measures every page on it.
pub(crate) fn pages(words: impl Iterator<Item = String>) -> Result<(), String> {
    let size = Size::read(words)?;
    release(&["-p", "carillon", "--features", "jemalloc"])?;
    release(&["-p", "carillon-store", "--examples"])?;
    let (phones, results, records) = (&size.phones, &size.results, &size.records);
    println!("\n{phones} phones, {results} results, {records} audit records");
    let mut over = Vec::new();
    if size.sqlite {
        over.extend(on_sqlite(&size).err());
    }
    if size.postgres {
        over.extend(on_postgres(&size).err());
    }
    if over.is_empty() {
        Ok(())
    } else {
        Err(over.join("; "))
    }
}

fn on_sqlite(size: &Size) -> Result<(), String> {
    println!("\nSQLite\n");
    let folder = Folder::make("sqlite")?;
    let url = format!("sqlite:{}", folder.0.join("carillon.db").display());
    fill(&folder.0, &url, size)?;
    browser::measure_pages(&folder.0, &url, ACCOUNT)
}

fn on_postgres(size: &Size) -> Result<(), String> {
    println!("\nPostgres\n");
    let folder = Folder::make("postgres")?;
    let cluster = Cluster::start_durable()?;
    let url = cluster.socket_url();
    fill(&folder.0, &url, size)?;
    // What a database does by itself in the hours in which so many rows come.
    cluster.sql("VACUUM ANALYZE")?;
    browser::measure_pages(&folder.0, &url, ACCOUNT)
}

/// Begins an installation with one account, and adds to it by two examples of the store: phones
/// and jobs, and the records of a year.
fn fill(folder: &Path, url: &str, size: &Size) -> Result<(), String> {
    add_account(folder, url)?;
    let examples = target_dir()?.join("release/examples");
    let program = |name: &str| Command::new(examples.join(name));
    run(program("fill_fleet").args([url, &size.phones, &size.results]))?;
    run(program("fill_audit").args([url, &size.records]))
}

/// The first command on an empty folder makes the schema and the keys.
fn add_account(folder: &Path, url: &str) -> Result<(), String> {
    let mut adding = Command::new(target_dir()?.join("release/carillon"))
        .args(["user", "add", ACCOUNT.0, "--role", "admin"])
        .arg("--password-stdin")
        .env("CARILLON_DATA_DIR", folder)
        .env("CARILLON_DATABASE_URL", url)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("carillon did not start: {error}"))?;
    let typed = format!("{}\n", ACCOUNT.1);
    let input = adding.stdin.take();
    let told = input.map(|mut input| input.write_all(typed.as_bytes()));
    match (told, adding.wait()) {
        (Some(Ok(())), Ok(status)) if status.success() => Ok(()),
        _ => Err("the account could not be added".to_owned()),
    }
}

/// A folder beside what was built, for the owner only; removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn make(name: &str) -> Result<Self, String> {
        let path = target_dir()?.join("bench-pages").join(name);
        drop(std::fs::remove_dir_all(&path));
        make_private(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
