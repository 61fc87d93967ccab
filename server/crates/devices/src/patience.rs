//! How long one conversation waits for its next step.
//!
//! Owns the one timer of a conversation. A limit of its own for each step would be three timers for
//! each phone that answers at once, entered and taken out again under a lock. *Invariant:* whoever
//! waits is woken when the limit of this step is over, whatever the timer was set to before.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

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
        while sleep.as_mut().poll(cx).is_ready() {
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

    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn each_step_has_its_own_limit_whichever_came_before() {
        let mut patience = Patience::default();
        for seconds in [2, 5, 1, 1, 7, 3] {
            let started = Instant::now();
            let limit = started + SECOND * seconds;
            // Done in time, with the timer set, and then not.
            assert_eq!(patience.until(limit, sleep(SECOND / 2)).await, Ok(()));
            assert_eq!(patience.until(limit, pending::<()>()).await, Err(Over));
            let late = started.elapsed().saturating_sub(SECOND * seconds);
            assert!(late < Duration::from_millis(5), "{late:?}");
            assert!(Instant::now() >= limit);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_there_comes_even_after_its_limit() {
        let mut patience = Patience::default();
        let over = Instant::now();
        sleep(SECOND).await;
        assert_eq!(patience.until(over, ready(1)).await, Ok(1));
        assert_eq!(patience.until(over, pending::<()>()).await, Err(Over));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_of_an_earlier_step_wakes_nobody_for_good() {
        let mut patience = Patience::default();
        let now = Instant::now();
        let early = patience.until(now + SECOND, sleep(SECOND / 10)).await;
        assert_eq!(early, Ok(()));
        let later = patience.until(now + SECOND * 9, sleep(SECOND * 4)).await;
        assert_eq!(later, Ok(()));
        assert_eq!(now.elapsed().as_millis() / 100, 41);
    }
}
