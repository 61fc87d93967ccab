//! The feed of a job, as the browser hears it.
//!
//! Owns the one `EventSource` of a page. Pausing only stops showing: what comes meanwhile is
//! kept, and the newest is shown when somebody goes on.

use std::cell::RefCell;
use std::rc::Rc;

use carillon_contract::job::JobSummary;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

/// Least time between two sentences for screen readers, in microseconds.
const QUIET_MICROS: i64 = 10_000_000;

/// The signals that a feed moves.
#[derive(Clone)]
pub(super) struct Feed {
    /// Where the job stands.
    pub now: RwSignal<JobSummary>,
    /// Whether somebody asked for quiet.
    pub paused: RwSignal<bool>,
    /// Whether the feed is open.
    pub listening: RwSignal<bool>,
    /// What was read aloud last.
    pub spoken: RwSignal<String>,
}

impl Feed {
    /// Opens the feed and follows it until the job has ended.
    pub(super) fn open(self, address: &str) {
        let Ok(source) = EventSource::new(address) else {
            return;
        };
        self.listening.set(true);
        let kept: Rc<RefCell<Option<JobSummary>>> = Rc::default();
        self.clone().show_when_resumed(Rc::clone(&kept));
        self.clone()
            .listen(&source, "summary", Rc::clone(&kept), false);
        self.clone().listen(&source, "finished", kept, true);
        self.notice_refusal(&source);
    }

    /// When the feed is refused for good, the way to look again comes back.
    fn notice_refusal(self, source: &EventSource) {
        let watched = source.clone();
        let notice = Closure::<dyn FnMut()>::new(move || {
            if watched.ready_state() == EventSource::CLOSED {
                self.listening.set(false);
            }
        });
        source.set_onerror(Some(notice.as_ref().unchecked_ref()));
        notice.forget();
    }

    fn listen(
        self,
        source: &EventSource,
        name: &str,
        kept: Rc<RefCell<Option<JobSummary>>>,
        last: bool,
    ) {
        let open = source.clone();
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(summary) = read(&event) {
                if self.paused.get_untracked() && !last {
                    kept.replace(Some(summary));
                } else {
                    self.show(summary, last);
                }
            }
            if last {
                open.close();
                self.listening.set(false);
            }
        });
        // Only a name that is no text could be refused.
        let _ = source.add_event_listener_with_callback(name, hear.as_ref().unchecked_ref());
        hear.forget();
    }

    fn show_when_resumed(self, kept: Rc<RefCell<Option<JobSummary>>>) {
        Effect::new(move |_| {
            if !self.paused.get()
                && let Some(summary) = kept.take()
            {
                self.show(summary, false);
            }
        });
    }

    fn show(&self, summary: JobSummary, last: bool) {
        let said_at = self.now.with_untracked(|shown| shown.at.micros());
        let due = summary.at.micros() / QUIET_MICROS != said_at / QUIET_MICROS;
        if due || last {
            self.spoken
                .set(super::job_live::sentence(summary.state, &summary.counts));
        }
        self.now.set(summary);
    }
}

fn read(event: &MessageEvent) -> Option<JobSummary> {
    serde_json::from_str(&event.data().as_string()?).ok()
}
