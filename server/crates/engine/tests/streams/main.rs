//! Streams: every record, in order, to receivers that go away and come back.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says on standard error what it skips"
)]

mod anchors;
mod house;
mod receivers;

macro_rules! cases {
    ($($module:ident :: $case:ident,)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(crate::house::House::on_sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(house) = crate::house::House::on_postgres().await {
                    crate::$module::$case(house).await;
                }
            })+
        }
    };
}

cases! {
    receivers::every_record_arrives_once_and_in_order,
    receivers::a_receiver_that_was_away_gets_all_it_missed,
    receivers::a_webhook_is_signed_and_waits_for_its_secret,
    receivers::a_stream_whose_secret_cannot_be_opened_says_so,
    receivers::a_batch_becomes_smaller_for_a_receiver_that_refuses_its_size,
    receivers::of_two_nodes_one_sends,
    receivers::a_stuck_receiver_holds_up_nobody_else,
    anchors::checkpoints_arrive_and_find_a_cut_tail,
    anchors::an_anchor_that_fails_is_said_and_catches_up,
    anchors::a_start_knows_since_when_an_anchor_lacks_something,
}
