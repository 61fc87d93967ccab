//! The language of the moment.
//!
//! Owns which language the running piece of work speaks. A page is made in one go, so the thread
//! knows it while the page is made; a future carries it along from thread to thread.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::Language;

thread_local! {
    static CURRENT: Cell<Language> = const { Cell::new(Language::En) };
}

/// The language of the moment; English where nobody chose.
pub fn current() -> Language {
    CURRENT.get()
}

/// Does something in a language, and returns to the one before, whatever happens.
pub fn during<T>(language: Language, work: impl FnOnce() -> T) -> T {
    let _back = Back(CURRENT.replace(language));
    work()
}

/// Sets the language back when it goes.
struct Back(Language);

impl Drop for Back {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// A future that speaks a language whenever it is polled.
pub struct Carried<F> {
    language: Language,
    future: Pin<Box<F>>,
}

/// Lets a future speak a language, on whatever thread it runs.
pub fn carry<F: Future>(language: Language, future: F) -> Carried<F> {
    Carried {
        language,
        future: Box::pin(future),
    }
}

impl<F: Future> Future for Carried<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let language = self.language;
        during(language, || self.future.as_mut().poll(cx))
    }
}

/// The language of a document in the browser, for as long as it is there.
#[cfg(not(feature = "catalogues"))]
pub(crate) fn settle(language: Language) {
    CURRENT.set(language);
}
