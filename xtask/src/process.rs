//! Starts other programs: with a clean environment, a title, and the time they took.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use crate::workspace::root;

/// Returns a cargo that does not inherit what cargo told *us* about our own package.
///
/// With `CARGO_PKG_*` and `CARGO_MANIFEST_*` inherited, crates that read them at compile time
/// look changed, and half of the graph is built again.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.env_remove("CARGO").current_dir(root());
    command
}

/// Runs one step of a longer run under a title, and says how long it took.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    println!("\n── {title}");
    let started = Instant::now();
    let outcome = work();
    let seconds = started.elapsed().as_secs_f64();
    match &outcome {
        Ok(_) => println!("── {title}: done in {seconds:.0} s"),
        Err(_) => println!("── {title}: FAILED after {seconds:.0} s"),
    }
    outcome.map_err(|why| format!("{title}: {why}"))
}

/// Runs a command to its end; anything but success is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let shown = show(command);
    let status = command
        .status()
        .map_err(|error| format!("`{shown}` did not start: {error}"))?;
    accept(&shown, status)
}

/// Runs a command, passes its standard error through, and returns the lines of it.
pub(crate) fn run_and_read_stderr(command: &mut Command) -> Result<Vec<String>, String> {
    let shown = show(command);
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("`{shown}` did not start: {error}"))?;
    let stderr = child.stderr.take().ok_or("no standard error to read")?;
    let mut lines = Vec::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        eprintln!("{line}");
        lines.push(line);
    }
    let status = child
        .wait()
        .map_err(|error| format!("`{shown}`: {error}"))?;
    accept(&shown, status).map(|()| lines)
}

/// Runs a command, passes its standard output through, and returns the lines of it.
pub(crate) fn run_and_read_stdout(command: &mut Command) -> Result<Vec<String>, String> {
    let shown = show(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("`{shown}` did not start: {error}"))?;
    let stdout = child.stdout.take().ok_or("no standard output to read")?;
    let mut lines = Vec::new();
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        println!("{line}");
        lines.push(line);
    }
    let status = child
        .wait()
        .map_err(|error| format!("`{shown}`: {error}"))?;
    accept(&shown, status).map(|()| lines)
}

/// Says whether a command runs at all and ends well, without a word on the terminal.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Looks a program up on the path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// Says whether this process is root, as `id` sees it.
pub(crate) fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

fn accept(shown: &str, status: ExitStatus) -> Result<(), String> {
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{shown}` ended with {status}"))
    }
}
