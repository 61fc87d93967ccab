//! The feed of a job, as the browser hears it.
//!
//! Owns the one `EventSource` of a page, and when something is read aloud: at most one sentence
//! every ten seconds, but for a change of the job's state, which is told at once. While somebody
//! asked for quiet, only the end is read.

use std::cell::Cell;
use std::rc::Rc;

use carillon_contract::job::JobSummary;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::job_words::sentence;
use super::watched::Watched;

/// Least time between two sentences for screen readers, in microseconds.
const QUIET_MICROS: i64 = 10_000_000;

/// Opens the feed and follows it until the job has ended.
pub(super) fn open(watched: Watched, address: &str) {
    let Ok(source) = EventSource::new(address) else {
        return;
    };
    watched.listening.set(true);
    let said_at = Rc::new(Cell::new(
        watched.latest.with_untracked(|latest| latest.at.micros()),
    ));
    listen(watched, &source, (Rc::clone(&said_at), false));
    listen(watched, &source, (said_at, true));
    notice_refusal(watched, &source);
}

/// When the feed is refused for good, the way to look again comes back.
fn notice_refusal(watched: Watched, source: &EventSource) {
    let open = source.clone();
    let notice = Closure::<dyn FnMut()>::new(move || {
        if open.ready_state() == EventSource::CLOSED {
            watched.listening.set(false);
        }
    });
    source.set_onerror(Some(notice.as_ref().unchecked_ref()));
    notice.forget();
}

fn listen(watched: Watched, source: &EventSource, (said_at, last): (Rc<Cell<i64>>, bool)) {
    let open = source.clone();
    let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(summary) = read(&event) {
            speak(watched, &summary, &said_at);
            watched.hear(summary);
        }
        if last {
            open.close();
            watched.listening.set(false);
        }
    });
    let name = if last { "finished" } else { "summary" };
    // Only a name that is no text could be refused.
    let _ = source.add_event_listener_with_callback(name, hear.as_ref().unchecked_ref());
    hear.forget();
}

fn speak(watched: Watched, summary: &JobSummary, said_at: &Cell<i64>) {
    let (now, before) = (
        summary.state,
        watched.latest.with_untracked(|latest| latest.state),
    );
    let long_ago = summary.at.micros() - said_at.get() >= QUIET_MICROS;
    let wanted = now.is_terminal() || !watched.paused.get_untracked();
    if wanted && (now != before || long_ago) {
        said_at.set(summary.at.micros());
        watched.spoken.set(sentence(summary));
    }
}

fn read(event: &MessageEvent) -> Option<JobSummary> {
    serde_json::from_str(&event.data().as_string()?).ok()
}
