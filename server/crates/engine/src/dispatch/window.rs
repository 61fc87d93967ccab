//! How many requests may be in flight, and the places of those that are.
//!
//! Owns the count for one job's window and for the whole node. *Invariant:* a phone keeps its
//! place, in the window and on the node, from its claim until its result is stored. Only the
//! recorder gives places.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// So many may be in flight at once: of one job, or on this node.
pub(super) struct Room {
    size: usize,
    taken: AtomicUsize,
    freed: Notify,
}

impl Room {
    /// A room that nobody is in.
    pub(super) fn new(size: usize) -> Self {
        Self {
            size: size.max(1),
            taken: AtomicUsize::new(0),
            freed: Notify::new(),
        }
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// How many are free when so many more will be.
    pub(super) fn free_with(&self, more: usize) -> usize {
        self.size.saturating_sub(self.taken().saturating_sub(more))
    }

    /// Whether nobody is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.taken() == 0
    }

    /// Waits until a place was given back since the last time.
    pub(super) async fn one_freed(&self) {
        self.freed.notified().await;
    }

    /// Waits until nobody is in it.
    pub(super) async fn until_empty(&self) {
        while !self.is_empty() {
            self.one_freed().await;
        }
    }

    fn take(&self) {
        self.taken.fetch_add(1, Ordering::SeqCst);
    }

    fn give_back(&self) {
        self.taken.fetch_sub(1, Ordering::SeqCst);
        self.freed.notify_one();
    }
}

/// One place in a job's window and on the node. Free again when dropped.
pub(super) struct Place {
    window: Arc<Room>,
    node: Arc<Room>,
}

impl Place {
    /// Takes a place. Whether there is one was asked before: nobody else gives any meanwhile.
    pub(super) fn take(window: &Arc<Room>, node: &Arc<Room>) -> Self {
        window.take();
        node.take();
        Self {
            window: window.clone(),
            node: node.clone(),
        }
    }

    /// Whether it is one of this window.
    pub(super) fn is_of(&self, window: &Arc<Room>) -> bool {
        Arc::ptr_eq(&self.window, window)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The node first: whoever waits for the window finds the node free.
        self.node.give_back();
        self.window.give_back();
    }
}

/// Divides so many free places among those who want them: evenly, nobody more than wanted, and
/// what one does not want goes to those behind.
pub(super) fn shares(mut free: usize, wants: &[usize]) -> Vec<usize> {
    let mut open = wants.iter().filter(|want| **want > 0).count();
    let share = |want: &usize| {
        if *want == 0 {
            return 0;
        }
        let share = free.div_ceil(open).min(*want);
        open -= 1;
        free -= share;
        share
    };
    wants.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    #[test]
    fn places_count_in_the_window_and_on_the_node() {
        let (node, window) = (Arc::new(Room::new(3)), Arc::new(Room::new(5)));
        let places: Vec<_> = (0..3).map(|_| Place::take(&window, &node)).collect();
        assert_eq!((node.free_with(0), window.free_with(0)), (0, 2));
        assert_eq!((node.free_with(2), window.free_with(2)), (2, 4));
        assert!(places[0].is_of(&window));
        assert!(!places[0].is_of(&node));
        drop(places);
        assert!(node.is_empty() && window.is_empty());
    }

    #[test]
    fn places_are_shared_evenly_by_those_who_want_them() {
        assert_eq!(shares(10, &[256]), [10]);
        assert_eq!(shares(10, &[256, 0, 256]), [5, 0, 5]);
        assert_eq!(shares(10, &[1, 256, 256]), [1, 5, 4]);
        assert_eq!(shares(1, &[256, 256]), [1, 0]);
        assert_eq!(shares(0, &[256]), [0]);
        assert!(shares(4, &[]).is_empty());
    }

    #[tokio::test]
    async fn a_place_that_comes_back_is_noticed() {
        let (node, window) = (Arc::new(Room::new(9)), Arc::new(Room::new(2)));
        let (one, other) = (Place::take(&window, &node), Place::take(&window, &node));
        let mut noticed = std::pin::pin!(window.one_freed());
        let waits = poll_fn(|cx| Poll::Ready(noticed.as_mut().poll(cx).is_pending()));
        assert!(waits.await);
        drop(one);
        noticed.await;
        let mut empty = std::pin::pin!(window.until_empty());
        let waits = poll_fn(|cx| Poll::Ready(empty.as_mut().poll(cx).is_pending()));
        assert!(waits.await);
        drop(other);
        empty.await;
    }
}
