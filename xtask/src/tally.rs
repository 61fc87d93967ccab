//! Adds up how many tests ran, from what the test runners print at their end.

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Reads the summary of cargo-nextest: `Summary [ 3.1s] 12 tests run: 11 passed, 1 failed`.
    pub(crate) fn of_nextest(lines: &[String]) -> Self {
        let summary = lines.iter().rev().find(|line| line.contains("Summary ["));
        summary.map_or_else(Self::default, |line| Self {
            passed: number_before(line, "passed"),
            failed: number_before(line, "failed"),
        })
    }

    /// Adds up `test result: ok. 3 passed; 0 failed; …`, one line a test program.
    pub(crate) fn of_cargo_test(lines: &[String]) -> Self {
        let results = lines.iter().filter(|line| line.starts_with("test result:"));
        results.fold(Self::default(), |sum, line| {
            sum.plus(Self {
                passed: number_before(line, "passed"),
                failed: number_before(line, "failed"),
            })
        })
    }

    /// Reads the summary of node's test runner: lines that end in `pass 12` and `fail 0`.
    pub(crate) fn of_node(lines: &[String]) -> Self {
        Self {
            passed: number_after(lines, "pass"),
            failed: number_after(lines, "fail"),
        }
    }

    /// Adds two tallies.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

fn number_before(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(2)
        .find(|pair| pair[1].trim_end_matches([',', ';']) == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

fn number_after(lines: &[String], word: &str) -> u64 {
    lines
        .iter()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [.., name, count] = words.as_slice() else {
                return None;
            };
            if *name == word {
                count.parse::<u64>().ok()
            } else {
                None
            }
        })
        .next_back()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn nextest_summary_is_read() {
        let text = "     Summary [   3.1s] 12 tests run: 11 passed (1 slow), 1 failed, 2 skipped";
        assert_eq!(Tally::of_nextest(&lines(text)).failed, 1);
        let text = "     Summary [   0.015s] 7 tests run: 7 passed, 0 skipped";
        assert_eq!(
            Tally::of_nextest(&lines(text)),
            Tally {
                passed: 7,
                failed: 0
            }
        );
    }

    #[test]
    fn results_of_cargo_test_are_added_up() {
        let text = "test result: ok. 3 passed; 0 failed; 0 ignored\ntest result: FAILED. 1 passed; 2 failed; 0 ignored";
        let sum = Tally {
            passed: 4,
            failed: 2,
        };
        assert_eq!(Tally::of_cargo_test(&lines(text)), sum);
    }

    #[test]
    fn node_summary_is_read() {
        let text = "✔ a page (3ms)\nℹ tests 9\nℹ pass 8\nℹ fail 1\nℹ cancelled 0";
        assert_eq!(
            Tally::of_node(&lines(text)),
            Tally {
                passed: 8,
                failed: 1
            }
        );
    }
}
