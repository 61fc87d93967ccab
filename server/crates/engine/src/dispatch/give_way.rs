//! Threads that send give way to those that record.
//!
//! Owns how much, and how a core is left in the middle of the work. It never raises anything: that would need a right
//! that the server is not given.

/// How much later the system gives them a core, as `nice` counts. With 0 a result is durable after 11.0 ms
/// on SQLite and 17.6 on Postgres, with 2 after 7.4 and 15.7, with 5 after 6.2 and 14.3, with 15 after
/// 11.9 on Postgres, which is slower then; up to 5 none sends less (medians of 11 to 16 rounds in
/// turns, 2 cores, 10,000 phones at 0 ms).
const BY: i32 = 3;

/// Makes the calling thread give way, and whatever threads it starts. For the runtime that sends and answers:
/// while phones and those who talk to them have all cores, what they came to would wait for a core, and
/// after a crash nobody would know it.
pub fn give_way() {
    if let Err(error) = rustix::process::setpriority_process(None, BY) {
        // It is as true without, only later.
        tracing::debug!(%error, "a thread that sends does not give way");
    }
}

/// Lets a thread that waits for this core go before the calling one, and goes on at once where none does.
///
/// A thread with much to do is left alone by the system for about three milliseconds, however urgent the one
/// is that waits: the recorder, or the database on the same machine, waited that long at every step of
/// a batch, while what they were to free was all that was left to send to.
pub(super) fn let_others_go_first() {
    std::thread::yield_now();
}
