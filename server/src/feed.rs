//! Server-sent events of one job: a snapshot first, then summaries, at most four a second.
//!
//! Owns the pace and the end of a stream. *Invariant:* a summary is read from the database, so
//! its counts add up to the job's total; a lost signal costs a second, never a wrong number.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use carillon_engine::Engine;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::HeaderValue;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::places::{Place, Seat};
use crate::problem::{Code, Problem};

/// No two summaries follow each other faster.
const PACE: Duration = Duration::from_millis(250);
/// How long a signal is waited for before looking anyway.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);
/// How often an open stream proves that its reader may still see it.
const PROVE_EVERY: Duration = Duration::from_secs(4);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long browsers are asked to wait before they try again; `static/job.js` says it to people.
const AGAIN: Duration = Duration::from_secs(3);

/// What a stream says at one moment.
pub struct Moment<T> {
    /// Grows with every change.
    pub seq: i64,
    /// What is sent.
    pub summary: T,
    /// Whether nothing follows.
    pub finished: bool,
}

/// Reads what a stream says, and whether its reader may still read it.
pub trait Source: Send + 'static {
    /// What is sent.
    type Summary: Serialize + PartialEq + Send;

    /// The job as it is now.
    fn look(&self) -> impl Future<Output = Result<Moment<Self::Summary>, Problem>> + Send;

    /// Whether the reader may still read.
    fn may_go_on(&self) -> impl Future<Output = bool> + Send;
}

/// Opens a stream over a job for one reader.
///
/// # Errors
/// When the reader has too many streams, or may not see the job.
pub async fn open<S: Source>(
    app: &App,
    job: &str,
    reader: &str,
    source: S,
) -> Result<Response, Problem> {
    let Some(place) = app.places().take(Seat::Stream, reader) else {
        return Err(Problem::new(Code::Busy).detail("Too many open feeds: close some pages."));
    };
    let signal = signal(app.engine(), job);
    let first = source.look().await?;
    let mut feed = Feed {
        source,
        signal,
        stopping: app.stopping(),
        due: VecDeque::new(),
        over: false,
        last: None,
        sent_at: Instant::now(),
        proved_at: Instant::now(),
        _place: place,
    };
    feed.take(first);
    let events = Sse::new(feed.events()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(unbuffered(events.into_response()))
}

/// Asks a proxy in between to hand on each piece as it comes: nginx and others know this name.
pub fn unbuffered(mut response: Response) -> Response {
    let (name, no) = ("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(name, no);
    response
}

fn signal(engine: &Engine, job: &str) -> watch::Receiver<u64> {
    engine.feed.watch_job(job)
}

struct Feed<S: Source> {
    source: S,
    signal: watch::Receiver<u64>,
    stopping: CancellationToken,
    due: VecDeque<Event>,
    over: bool,
    last: Option<S::Summary>,
    sent_at: Instant,
    proved_at: Instant,
    _place: Place,
}

impl<S: Source> Feed<S> {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut feed| async {
            let event = feed.next().await?;
            Some((Ok(event), feed))
        })
        .fuse()
    }

    /// The next thing to say; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.due.pop_front() {
                return Some(event);
            }
            if self.over || !self.wait().await || !self.proves_itself().await {
                return None;
            }
            let moment = self.source.look().await.ok()?;
            self.take(moment);
        }
    }

    /// Says what is new; at the end of a job also that it is the end.
    fn take(&mut self, moment: Moment<S::Summary>) {
        let Moment {
            seq,
            summary,
            finished,
        } = moment;
        if self.last.as_ref() != Some(&summary) {
            self.due.push_back(event("summary", seq, &summary));
        }
        if finished {
            self.due.push_back(event("finished", seq, &summary));
            self.over = true;
        }
        self.sent_at = Instant::now();
        self.last = Some(summary);
    }

    /// For a change or a second, but never faster than the pace. `false` at the stop.
    async fn wait(&mut self) -> bool {
        let pace = tokio::time::sleep_until(self.sent_at + PACE);
        let changed = async {
            pace.await;
            let patience = tokio::time::sleep(LOOK_ANYWAY);
            tokio::select! {
                _ = self.signal.changed() => {}
                () = patience => {}
            }
        };
        tokio::select! {
            () = changed => true,
            () = self.stopping.cancelled() => false,
        }
    }

    async fn proves_itself(&mut self) -> bool {
        if self.proved_at.elapsed() < PROVE_EVERY {
            return true;
        }
        self.proved_at = Instant::now();
        self.source.may_go_on().await
    }
}

fn event<T: Serialize>(name: &str, seq: i64, summary: &T) -> Event {
    let data = serde_json::to_string(summary).unwrap_or_default();
    let event = Event::default().event(name).id(seq.to_string());
    event.data(data).retry(AGAIN)
}
