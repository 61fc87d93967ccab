//! The window of one job, and the places in it.
//!
//! Owns how many phones of a job may be in flight. *Invariant:* a phone keeps its place, in the
//! window and among the node's requests, from before its claim until its result is stored.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many phones of one job may be in flight at once.
pub(super) struct Window {
    places: Arc<Semaphore>,
    size: usize,
}

/// Places of one job. Free again when dropped: first on the node, then in the window, so that
/// whoever waits for the window finds the node free.
pub(super) struct Places {
    slots: OwnedSemaphorePermit,
    window: OwnedSemaphorePermit,
}

impl Window {
    /// A window that nobody is in.
    pub(super) fn new(size: usize) -> Self {
        let size = size.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(size)),
            size,
        }
    }

    /// Whether none of its phones is in flight.
    pub(super) fn is_unused(&self) -> bool {
        self.places.available_permits() == self.size
    }

    /// Waits until one place more is free than there are now.
    pub(super) async fn one_more(&self) {
        let more = (self.places.available_permits() + 1).min(self.size);
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let _seen = self.places.acquire_many(more).await;
    }

    /// Waits for a place; takes all that are free in the window and on the node, at most `most`.
    pub(super) async fn take(&self, slots: &Arc<Semaphore>, most: usize) -> Option<Places> {
        let mut window = take(&self.places, most).await?;
        let slots = take(slots, window.num_permits()).await?;
        let beyond = window.num_permits().saturating_sub(slots.num_permits());
        drop(window.split(beyond));
        Some(Places { slots, window })
    }
}

/// At least one, at most `most`.
async fn take(from: &Arc<Semaphore>, most: usize) -> Option<OwnedSemaphorePermit> {
    let mut taken = from.clone().acquire_owned().await.ok()?;
    let more = most.saturating_sub(1).min(from.available_permits());
    let more = u32::try_from(more).unwrap_or(0);
    if let Ok(rest) = from.clone().try_acquire_many_owned(more) {
        taken.merge(rest);
    }
    Some(taken)
}

impl Places {
    /// How many.
    pub(super) fn count(&self) -> usize {
        self.slots.num_permits()
    }

    /// Gives one of them away; `None` when none is left.
    pub(super) fn split_one(&mut self) -> Option<Self> {
        let window = self.window.split(1)?;
        let slots = self.slots.split(1)?;
        Some(Self { slots, window })
    }

    fn is_of_window(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.window.semaphore(), other.window.semaphore())
    }

    fn merge(&mut self, other: Self) {
        self.window.merge(other.window);
        self.slots.merge(other.slots);
    }
}

/// Frees places, those of a window in one moment: whoever waits for them then finds them all, and
/// not one after the other.
pub(super) fn free(places: impl Iterator<Item = Places>) {
    let mut together: Vec<Places> = Vec::new();
    for place in places {
        match together.iter_mut().find(|other| other.is_of_window(&place)) {
            Some(others) => others.merge(place),
            None => together.push(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn places_are_bounded_by_window_and_node() {
        let node = Arc::new(Semaphore::new(3));
        let window = Window::new(5);
        assert!(window.is_unused());
        let mut places = window.take(&node, 9).await.expect("open");
        assert_eq!(places.count(), 3);
        assert_eq!(window.places.available_permits(), 2);

        let one = places.split_one().expect("three are there");
        drop(places);
        assert!(!window.is_unused());
        let rest = window.take(&node, 9).await.expect("open");
        assert_eq!(rest.count(), 2);
        let other = Window::new(1);
        let foreign = other.take(&node, 1);
        free([rest, one].into_iter());
        free([foreign.await.expect("open")].into_iter());
        assert_eq!(node.available_permits(), 3);
        assert!(window.is_unused());
    }

    #[tokio::test]
    async fn a_place_that_comes_back_is_noticed() {
        let node = Arc::new(Semaphore::new(9));
        let window = Window::new(2);
        let mut both = window.take(&node, 2).await.expect("open");
        let one = both.split_one().expect("two are there");
        let mut noticed = std::pin::pin!(window.one_more());
        let waits = poll_fn(|cx| Poll::Ready(noticed.as_mut().poll(cx).is_pending()));
        assert!(waits.await);
        drop(one);
        noticed.await;
        assert_eq!(both.count(), 1);
    }
}
