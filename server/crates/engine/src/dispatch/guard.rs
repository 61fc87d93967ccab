//! What a panic in the dispatcher leads to: the end of the process.
//!
//! The state on disk is the truth. A dispatcher that lost a task would leave phones in `sending`
//! for ever and say nothing; the next start calls them unknown.

/// Held while a task of the dispatcher runs.
pub(super) struct EndsTheProcess;

impl Drop for EndsTheProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the dispatcher panicked: the process ends, the next start tells");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    use super::EndsTheProcess;

    const CHILD: &str = "CARILLON_TEST_PANIC_IN_DISPATCHER";
    const ABORTED: i32 = 6;

    /// Runs itself in another process, which must not survive the panic of a task.
    #[test]
    fn a_panic_of_a_task_ends_the_process() {
        if std::env::var_os(CHILD).is_some() {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.expect("a runtime").block_on(async {
                let task = tokio::spawn(async {
                    let _guard = EndsTheProcess;
                    panic!("on purpose");
                });
                drop(task.await);
            });
            return;
        }
        let own = std::env::current_exe().expect("this program");
        let ended = Command::new(own)
            .args(["a_panic_of_a_task_ends_the_process", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .expect("it runs");
        assert_eq!(ended.status.signal(), Some(ABORTED));
    }
}
