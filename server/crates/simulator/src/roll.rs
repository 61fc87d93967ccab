//! Seeded numbers.
//!
//! Owns the small generator from which every choice of a fleet comes, so that one seed is one
//! fleet. Not for secrets.

/// `SplitMix64`: a step and a scramble. Same seed, same numbers, on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Roll(u64);

impl Roll {
    /// A generator of its own for one purpose, so that adding a draw here moves nothing there.
    pub(crate) fn fork(seed: u64, purpose: u64) -> Self {
        let mut roll = Self(seed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95));
        roll.next();
        roll
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// One of `choices`.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len() as u64) as usize)
    }

    /// Puts `items` in another order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_sequence() {
        let draw = |seed| {
            (0..4)
                .map(|_| Roll::fork(seed, 0).next())
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(Roll::fork(7, 0).next(), Roll::fork(8, 0).next());
        assert_eq!(Roll::fork(7, 0).below(0), 0);
    }

    #[test]
    fn shuffling_keeps_everything() {
        let mut items: Vec<u32> = (0..100).collect();
        Roll::fork(1, 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
