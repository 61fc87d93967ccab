//! The side of the command line: through the socket where a server runs, else straight.

use std::path::Path;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::command::{Answer, Command};
use super::{SOCKET, execute};
use crate::config::{Database, Settings};
use crate::startup::{self, StartError};
use carillon_engine::Caller;

/// Has a command done.
///
/// # Errors
/// When neither the database nor a running server can be reached.
pub async fn run(settings: &Settings, command: Command) -> Result<Answer, StartError> {
    if matches!(settings.database, Database::Sqlite(_)) {
        let socket = settings.in_data_dir(SOCKET);
        if let Some(answer) = through(&socket, &command).await? {
            return Ok(answer);
        }
    }
    straight(settings, command).await
}

/// Has it done by the server that runs here; `false` where none does, and then it is not done.
///
/// # Errors
/// When that server does not answer, or refuses.
pub async fn tell(settings: &Settings, command: Command) -> Result<bool, StartError> {
    let answer = through(&settings.in_data_dir(SOCKET), &command).await?;
    match answer.as_ref().and_then(|answer| answer.failure.clone()) {
        Some(why) => Err(StartError::Failed(why)),
        None => Ok(answer.is_some()),
    }
}

/// By the server that runs here; `None` where none does.
async fn through(socket: &Path, command: &Command) -> Result<Option<Answer>, StartError> {
    // No socket, or one that a dead server left: nobody runs.
    let Ok(mut stream) = UnixStream::connect(socket).await else {
        return Ok(None);
    };
    let failed = |why: String| {
        StartError::Failed(format!(
            "the running server did not answer: {why}; is it stopping?"
        ))
    };
    let mut line = serde_json::to_vec(command).map_err(|error| failed(error.to_string()))?;
    line.push(b'\n');
    stream
        .write_all(&line)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let mut answer = String::new();
    let read = BufReader::new(stream).read_line(&mut answer).await;
    read.map_err(|error| failed(error.to_string()))?;
    let answer = serde_json::from_str(&answer).map_err(|error| failed(error.to_string()))?;
    Ok(Some(answer))
}

async fn straight(settings: &Settings, command: Command) -> Result<Answer, StartError> {
    let opened = if matches!(settings.database, Database::Postgres(_)) {
        startup::open_beside(settings).await?
    } else {
        startup::open(settings, &[]).await?
    };
    let uid = rustix::process::geteuid().as_raw();
    let answer = execute::run(&opened.engine, &Caller::local(uid), command).await;
    opened.engine.store.close().await;
    Ok(answer)
}
