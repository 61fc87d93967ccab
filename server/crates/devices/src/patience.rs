//! How long one conversation waits for its next step.
//!
//! Owns the one timer of a conversation. A limit of its own for each step would be three timers for
//! each phone that answers at once, entered and taken out again under a lock. *Invariant:* whoever
//! waits is woken when the limit of this step is over, whatever the timer was set to before.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// The limit of a step is over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Over;

/// The timer; set when something is waited for, and never later than what is waited for.
#[derive(Default)]
pub(crate) struct Patience(Option<Pin<Box<Sleep>>>);

impl Patience {
    /// What comes of a step, if it comes until then.
    pub(crate) async fn until<F: Future>(
        &mut self,
        limit: Instant,
        step: F,
    ) -> Result<F::Output, Over> {
        let mut step = pin!(step);
        poll_fn(|cx| match step.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => self.poll_over(limit, cx).map(Err),
        })
        .await
    }

    /// A timer that goes off too early is set anew; one that would go off too late, at once.
    fn poll_over(&mut self, limit: Instant, cx: &mut Context<'_>) -> Poll<Over> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(limit)));
        if sleep.deadline() > limit {
            sleep.as_mut().reset(limit);
        }
        // A step that always finds something to read uses up what a task may do in one go; the timer must
        // not wait for that.
        while pin!(unconstrained(sleep.as_mut())).poll(cx).is_ready() {
            if sleep.deadline() >= limit {
                return Poll::Ready(Over);
            }
            sleep.as_mut().reset(limit);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(10);

    /// Nothing that comes; how long it was waited for, in moments.
    async fn waited(patience: &mut Patience, moments: u32) -> u128 {
        let started = Instant::now();
        let limit = started + MOMENT * moments;
        assert_eq!(patience.until(limit, pending::<()>()).await, Err(Over));
        started.elapsed().as_millis() / MOMENT.as_millis()
    }

    #[tokio::test]
    async fn each_step_has_its_own_limit_whichever_came_before() {
        let mut patience = Patience::default();
        for moments in [2, 5, 1, 1, 7, 3] {
            // Not sooner; how much later depends on the machine.
            assert!(waited(&mut patience, moments).await >= u128::from(moments));
        }
    }

    #[tokio::test]
    async fn a_far_limit_before_does_not_keep_a_near_one_waiting() {
        let mut patience = Patience::default();
        let hour = Duration::from_hours(1);
        let far = Instant::now() + hour;
        let mut polled = false;
        let step = poll_fn(|cx| {
            let first = !std::mem::replace(&mut polled, true);
            cx.waker().wake_by_ref();
            if first {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        });
        assert_eq!(patience.until(far, step).await, Ok(()));
        assert!(waited(&mut patience, 1).await < hour.as_millis());
        let is_set_to_it = |sleep: &Pin<Box<Sleep>>| sleep.deadline() < far;
        assert!(patience.0.as_ref().is_some_and(is_set_to_it));
    }

    #[tokio::test]
    async fn a_step_that_never_rests_ends_as_well() {
        let busy = async {
            loop {
                tokio::task::coop::consume_budget().await;
            }
        };
        let limit = Instant::now() + MOMENT;
        let ended: Result<(), Over> = Patience::default().until(limit, busy).await;
        assert_eq!(ended, Err(Over));
    }

    #[tokio::test]
    async fn what_is_there_comes_even_after_its_limit() {
        let mut patience = Patience::default();
        let over = Instant::now();
        assert_eq!(patience.until(over, ready(1)).await, Ok(1));
        assert_eq!(patience.until(over, pending::<()>()).await, Err(Over));
        assert_eq!(patience.until(over, ready(2)).await, Ok(2));
    }
}
