//! The socket of a running server.
//!
//! *Invariant:* the peer is the owner of the data directory or root; the mode of the socket says
//! the same, but modes can be changed by mistake.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::command::{Answer, Command};
use super::{SOCKET, execute};
use crate::app::App;
use crate::config::{Database, Settings};
use crate::startup::StartError;
use carillon_engine::Caller;

/// How long one command may take, a large import included.
const PATIENCE: Duration = Duration::from_mins(2);
/// A phone list of 10 MiB, its JSON escapes included.
const LONGEST_LINE: u64 = 32 * 1024 * 1024;

/// Opens the socket of a SQLite server; Postgres needs none.
///
/// # Errors
/// When the socket cannot be made.
pub fn start(
    settings: &Settings,
    app: &App,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), StartError> {
    if matches!(settings.database, Database::Postgres(_)) {
        return Ok(());
    }
    let path = settings.in_data_dir(SOCKET);
    let listener = bind(&path).map_err(|error| {
        StartError::Failed(format!(
            "the local socket {} cannot be made: {error}",
            path.display()
        ))
    })?;
    let (app, stop, inner) = (app.clone(), stop.clone(), tasks.clone());
    tasks.spawn(async move {
        serve(listener, app, inner, stop).await;
        // Gone already, or removed at the next start.
        let _ = std::fs::remove_file(path);
    });
    Ok(())
}

/// Whoever holds the lock of the database may replace the socket that a dead process left.
fn bind(path: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn serve(listener: UnixListener, app: App, tasks: TaskTracker, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let app = app.clone();
                tasks.spawn(async move {
                    let talk = tokio::time::timeout(PATIENCE, converse(stream, &app));
                    if let Err(error) = talk.await.unwrap_or_else(|late| Err(late.into())) {
                        tracing::warn!(%error, "a local command was cut off");
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "a local command could not be taken"),
        }
    }
}

async fn converse(mut stream: UnixStream, app: &App) -> std::io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    let own = rustix::process::geteuid().as_raw();
    let answer = if uid == own || uid == 0 {
        let mut line = String::new();
        let (reader, _) = stream.split();
        BufReader::new(reader.take(LONGEST_LINE))
            .read_line(&mut line)
            .await?;
        answer(&line, app, uid).await
    } else {
        tracing::warn!(uid, "a local command of another user was refused");
        Answer::failed("only the owner of the data directory may do this")
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.shutdown().await
}

async fn answer(line: &str, app: &App, uid: u32) -> Answer {
    match serde_json::from_str::<Command>(line) {
        Ok(command) => execute::run(app.engine(), &Caller::local(uid), command).await,
        Err(_) => Answer::failed("this server does not know that command: is it another version?"),
    }
}
