//! How long to wait after a failure.

use std::time::Duration;

use super::Pace;
use crate::random::Random;

/// Grows with every failure in a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waiting {
    failures: u32,
}

impl Waiting {
    /// Nothing fails.
    pub const fn over(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after one more failure: twice as long each time, up to the longest, and
    /// shortened by up to a half so that many who wait do not come back together.
    pub fn next(&mut self, pace: &Pace, random: &Random) -> Duration {
        let doubled = 2_u32.saturating_pow(self.failures);
        self.failures = self.failures.saturating_add(1);
        let whole = pace.first.saturating_mul(doubled).min(pace.longest);
        let [part] = random.bytes().unwrap_or([0]);
        whole.saturating_sub(whole / 512 * u32::from(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_a_little_chance_up_to_the_longest() {
        let (pace, random) = (Pace::default(), Random::seeded(7));
        let mut waiting = Waiting::default();
        for whole in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let whole = Duration::from_secs(whole);
            let pause = waiting.next(&pace, &random);
            assert!(
                pause <= whole && pause >= whole / 2,
                "{pause:?} of {whole:?}"
            );
        }
        for _ in 0..100 {
            waiting.next(&pace, &random);
        }
        waiting.over();
        assert!(waiting.next(&pace, &random) <= pace.first);
    }
}
