//! The socket of a signer.
//!
//! Owns how many may ask at once, for how long, and the line in the log for each refusal.
//! *Invariant:* whoever can open the socket may ask, and only its mode decides who can; what is
//! asked is hostile input.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::umask;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::rule::Signer;
use super::wire::{Answer, Ask, Refusal, Why, heard, line};

/// A question and its answer may take so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many are heard at once; others wait to be taken.
const AT_ONCE: usize = 16;
/// Before one that could not be taken is followed by another try.
const PAUSE: Duration = Duration::from_millis(100);

/// Makes the socket, open to nobody but whom the mode names from its first moment on. One that a
/// dead process left is replaced.
///
/// # Errors
/// When somebody listens there, when something else stands there, or the operating system refuses.
pub fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
    make_way(path)?;
    let before = umask(Mode::from_raw_mode(0o777 & !mode));
    let bound = UnixListener::bind(path);
    umask(before);
    let listener = bound?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

fn make_way(path: &Path) -> io::Result<()> {
    let there = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        there => there?,
    };
    if !there.file_type().is_socket() {
        let why = "something that is no socket stands there";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        let why = "another process listens there";
        return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    }
    std::fs::remove_file(path)
}

/// Answers until `stop`; what was begun is ended.
pub async fn serve(listener: UnixListener, signer: Signer, stop: CancellationToken) {
    let signer = Arc::new(Mutex::new(signer));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let tasks = TaskTracker::new();
    loop {
        let taken = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            taken = taken => taken,
        };
        match accepted {
            Ok((stream, _)) => {
                let signer = Arc::clone(&signer);
                tasks.spawn(async move {
                    let talk = tokio::time::timeout(PATIENCE, converse(stream, signer));
                    if let Err(error) = talk.await.unwrap_or_else(|late| Err(late.into())) {
                        tracing::warn!(%error, "a question was cut off");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a question could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    tasks.close();
    tasks.wait().await;
}

async fn converse(mut stream: UnixStream, signer: Arc<Mutex<Signer>>) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    let (reader, _) = stream.split();
    let answer = match heard::<Ask>(reader).await {
        Ok(ask) => decided(ask, signer).await?,
        Err(error) if is_no_question(&error) => Answer::Refused(Refusal {
            why: Why::Malformed,
            told: "the question was not understood".to_owned(),
        }),
        Err(error) => return Err(error),
    };
    match &answer {
        Answer::Refused(Refusal { why, told }) => tracing::warn!(uid, ?why, told, "not signed"),
        Answer::Signed { .. } => tracing::debug!(uid, "signed"),
        Answer::Last { .. } => {}
    }
    stream.write_all(&line(&answer)?).await?;
    stream.shutdown().await
}

/// Whether something came, and was none: `serde_json` calls a line that ends early an early end.
fn is_no_question(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, UnexpectedEof};
    matches!(error.kind(), InvalidData | UnexpectedEof)
}

/// What is signed is written through to the disk: not on a thread that hears others.
async fn decided(ask: Ask, signer: Arc<Mutex<Signer>>) -> io::Result<Answer> {
    let decide = move || {
        let mut signer = signer.lock().unwrap_or_else(PoisonError::into_inner);
        signer.answer(ask)
    };
    tokio::task::spawn_blocking(decide)
        .await
        .map_err(io::Error::other)
}
