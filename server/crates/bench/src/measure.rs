//! What one run of one side cost.
//!
//! Owns the figures that are compared, and their medians.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::machine::{self, DescriptorWatch};

/// One run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// From the beginning to the last result.
    pub(crate) seconds: f64,
    /// Processor time of the process.
    pub(crate) cpu_micros: u64,
    /// Memory above what it was before.
    pub(crate) peak_kib: u64,
    /// Descriptors above what they were before.
    pub(crate) descriptors: usize,
    /// Phones that took the command.
    pub(crate) well: usize,
    /// From an answer to its durable result, in milliseconds: middle and 99 of 100.
    #[serde(default)]
    pub(crate) durable_ms: (f64, f64),
    /// From the first phone's answer to the one behind which a hundredth of the phones are left, in
    /// milliseconds: how far apart a broadcast reaches its phones.
    #[serde(default)]
    pub(crate) skew_ms: f64,
    /// Memory above what it was before, when the job was durable and nothing was sent yet.
    #[serde(default)]
    pub(crate) submit_kib: u64,
    /// From the order to the durable job, in seconds.
    #[serde(default)]
    pub(crate) submit_seconds: f64,
}

/// Counts while a run goes on.
pub(crate) struct Meter {
    cpu: u64,
    memory: u64,
    descriptors: usize,
    watch: DescriptorWatch,
}

impl Meter {
    pub(crate) fn start() -> Self {
        machine::forget_peak();
        Self {
            cpu: machine::cpu_micros("self"),
            memory: machine::memory_kib("self", "VmRSS"),
            descriptors: machine::open_descriptors(),
            watch: DescriptorWatch::start(),
        }
    }

    /// The most memory so far, above what it was before.
    pub(crate) fn peak_kib(&self) -> u64 {
        machine::peak_kib().saturating_sub(self.memory)
    }

    pub(crate) fn end(self, took: Duration) -> Measured {
        Measured {
            seconds: took.as_secs_f64(),
            cpu_micros: machine::cpu_micros("self").saturating_sub(self.cpu),
            peak_kib: self.peak_kib(),
            descriptors: self.watch.most().saturating_sub(self.descriptors),
            ..Measured::default()
        }
    }
}

/// The middle one.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    percentile(values, 0.5)
}

/// The value below which so large a part lies.
pub(crate) fn percentile(values: impl IntoIterator<Item = f64>, part: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let place = (last as f64 * part).round() as usize;
    values.get(place).copied().unwrap_or(0.0)
}

/// See [`Measured::skew_ms`], from when each phone had answered, in milliseconds.
pub(crate) fn skew(answered: &[f64]) -> f64 {
    let behind = |part| percentile(answered.iter().copied(), part);
    behind(0.99) - behind(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_end_are_found() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert!((median(values) - 3.0).abs() < f64::EPSILON);
        assert!((percentile(values, 0.99) - 5.0).abs() < f64::EPSILON);
        assert!(median([]).abs() < f64::EPSILON);
    }

    #[test]
    fn skew_leaves_the_last_hundredth_out() {
        let mut answered: Vec<f64> = (0..=200).map(f64::from).collect();
        answered[200] = 9_000.0;
        answered.reverse();
        assert!((skew(&answered) - 198.0).abs() < f64::EPSILON);
    }
}
