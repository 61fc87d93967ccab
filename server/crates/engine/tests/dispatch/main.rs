//! Jobs from submission to the audit log: real SQLite and, where `CARILLON_TEST_POSTGRES_URL`
//! names a server, real Postgres; real sockets, simulated phones, and the
//! phones' own ledger as the judge.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed expectation is a failed test"
)]

mod clock;
mod control;
mod crash;
mod house;
mod outcome;
mod verify;

macro_rules! cases {
    ($($module:ident :: $case:ident,)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::house::on_sqlite(crate::$module::$case).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::house::on_postgres(crate::$module::$case).await;
            })+
        }
    };
}

cases! {
    clock::a_clock_that_was_set_stops_all_sending_until_somebody_releases_it,
    clock::a_clock_that_was_set_while_nothing_ran_stops_nothing,
    control::cancelling_lets_what_is_in_flight_finish_and_leaves_the_rest,
    control::stop_all_holds_everything_until_it_is_released,
    control::a_job_stops_itself_above_its_share_of_failures_and_not_at_it,
    control::a_failed_canary_spares_the_others,
    control::a_retry_is_a_new_job_of_exactly_the_chosen_phones,
    control::the_same_key_and_body_are_one_job,
    control::a_set_that_changed_since_it_was_seen_is_refused,
    control::what_comes_too_late_expires,
    control::a_password_refused_again_and_again_holds_the_job,
    control::one_phone_places_a_call_and_nobody_calls_the_police,
    control::a_site_is_never_further_down_than_its_share,
    crash::claims_of_a_dead_run_become_unknown_and_the_rest_waits_for_a_person,
    crash::an_interrupted_job_goes_on_where_it_was_and_sends_nothing_twice,
    crash::a_clean_stop_leaves_nothing_unknown,
    outcome::a_broadcast_to_the_demo_fleet_tells_the_truth_about_every_phone,
    outcome::every_intent_and_every_result_is_in_the_audit_log,
    outcome::what_contact_taught_is_remembered_for_the_next_job,
    outcome::asking_for_settings_tells_them_and_keeps_the_firmware,
    verify::a_reboot_is_verified_by_going_away_and_coming_back,
    verify::a_setting_is_verified_by_reading_it_back,
    verify::one_lost_look_is_no_restart,
    verify::a_connection_that_behaves_oddly_is_not_away,
    verify::a_failed_reading_is_told_as_one,
}
