//! Jobs from submission to the audit log: real SQLite and, where `CARILLON_TEST_POSTGRES_URL`
//! names a server, real Postgres; real sockets, simulated phones, and the
//! phones' own ledger as the judge.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed expectation is a failed test"
)]

mod again;
mod alone;
mod causes;
mod clock;
mod control;
mod crash;
mod forged;
mod hour;
mod house;
mod let_on;
mod moved;
mod networks;
mod one_person;
mod outcome;
mod pbx;
mod pbx_peer;
mod restart;
mod resume;
mod sip;
mod unread;
#[path = "../both/verifiers.rs"]
mod verifiers;
mod verify;
mod wrong_phone;

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
    forged::a_job_that_was_set_running_sends_nothing,
    forged::a_job_that_was_cancelled_does_not_come_back,
    forged::a_job_of_before_with_its_own_code_is_not_sent_again,
    forged::a_pause_of_before_lets_nothing_go_on_that_was_cancelled,
    forged::another_phone_in_the_list_stops_the_job_until_somebody_accepts_it,
    forged::a_job_whose_list_was_accepted_ends_or_is_cancelled,
    forged::a_scheduled_job_that_was_changed_keeps_no_other_from_its_hour,
    forged::a_stop_is_lifted_by_nobody_who_only_has_the_database,
    forged::a_stop_that_is_undone_at_once_holds,
    forged::an_earlier_pause_sends_to_nobody_again,
    forged::an_order_that_cannot_be_read_keeps_nothing_else_waiting,
    forged::a_release_of_before_lifts_no_stop,
    forged::rules_that_somebody_else_wrote_are_the_strictest,
    forged::parameters_of_another_job_are_not_sent_and_named,
    forged::the_life_of_jobs_leaves_every_row_genuine,
    forged::what_somebody_accepted_is_no_finding,
    clock::a_clock_that_was_set_stops_all_sending_until_somebody_releases_it,
    clock::a_clock_that_was_set_while_nothing_ran_stops_nothing,
    again::every_try_is_a_claim_of_its_own_and_they_end,
    again::a_phone_that_comes_to_itself_gets_the_command_once,
    again::only_what_may_be_is_tried_again,
    again::a_stopped_job_tries_nothing_again,
    again::a_phone_is_left_alone_between_two_commands,
    again::a_refused_password_holds_its_phones_until_it_is_corrected,
    again::refusals_count_over_jobs_and_what_is_held_can_be_left_out,
    hour::a_scheduled_job_starts_by_itself_also_after_a_restart,
    hour::a_dangerous_job_does_not_start_while_anchors_lack_too_much,
    hour::a_scheduled_job_can_be_cancelled,
    hour::a_start_that_has_passed_is_a_mistake,
    hour::a_job_whose_start_came_too_late_expires_as_a_whole,
    hour::a_resting_job_gives_up_when_its_time_is_over,
    causes::no_behaviour_makes_us_say_what_is_not_so,
    causes::every_cause_comes_up_where_it_should,
    alone::a_dangerous_job_waits_for_somebody_else,
    alone::a_job_for_later_starts_later_when_it_is_approved,
    alone::of_two_answers_one_counts,
    alone::who_owes_the_account_to_who_asks_decides_nothing,
    alone::who_takes_the_right_away_asks_somebody_all_the_same,
    alone::what_nobody_decides_about_expires,
    resume::operators_resume_nothing_that_they_do_not_start,
    resume::who_resumes_needs_a_second_person_where_who_starts_does,
    resume::protected_phones_are_let_go_on_by_administrators,
    resume::who_does_not_reach_all_of_it_lets_nothing_go_on,
    resume::whoever_is_narrowed_has_nothing_running_beyond_that,
    resume::what_was_protected_meanwhile_is_left_out,
    resume::who_loses_a_phone_that_is_deleted_has_its_job_paused,
    let_on::jobs_of_others_that_somebody_lets_go_on_add_up,
    let_on::what_was_asked_for_long_ago_counts_when_it_goes_on,
    let_on::a_token_lets_nothing_go_on_in_clear_that_it_could_not_start,
    moved::a_phone_that_is_led_elsewhere_after_the_yes_is_left_out,
    moved::a_site_that_is_reached_otherwise_after_the_yes_is_left_out,
    moved::a_phone_that_is_protected_before_the_hour_is_left_out,
    moved::a_job_that_nobody_had_to_agree_to_follows_its_phones,
    one_person::who_stands_behind_both_sides_is_one_person,
    one_person::who_took_a_factor_away_stands_behind_that_account,
    one_person::after_a_day_a_made_account_is_somebody,
    one_person::what_a_puppet_took_its_maker_took,
    one_person::an_administrator_whom_a_puppet_disabled_is_asked_still,
    alone::who_may_not_any_more_has_nothing_approved,
    alone::fifty_phones_may_be_disturbed_alone,
    alone::many_small_jobs_come_to_a_large_one,
    alone::jobs_of_one_hour_count_together_whenever_they_were_asked_for,
    alone::whoever_is_disabled_has_nothing_started_and_nothing_running,
    alone::an_account_that_somebody_wrote_has_nothing_started,
    alone::whoever_reaches_less_has_nothing_approved,
    alone::a_phone_that_left_the_reach_before_the_hour_is_not_commanded,
    alone::what_operators_do_not_start_they_are_told,
    alone::only_somebody_with_a_second_factor_lets_a_job_run,
    alone::what_is_agreed_to_is_what_was_asked_for,
    alone::many_at_once_come_to_no_more_than_one_after_another,
    control::cancelling_lets_what_is_in_flight_finish_and_leaves_the_rest,
    control::stop_all_holds_everything_until_it_is_released,
    control::a_job_stops_itself_above_its_share_of_failures_and_not_at_it,
    control::beyond_its_share_of_failures_a_window_at_most_is_sent,
    control::a_failed_canary_spares_the_others,
    control::a_retry_is_a_new_job_of_exactly_the_chosen_phones,
    control::a_retry_leaves_out_the_causes_that_somebody_left_out,
    control::the_same_key_and_body_are_one_job,
    control::a_set_that_changed_since_it_was_seen_is_refused,
    control::what_comes_too_late_expires,
    control::one_phone_places_a_call_and_nobody_calls_the_police,
    control::no_keys_call_the_police,
    control::a_site_is_never_further_down_than_its_share,
    crash::claims_of_a_dead_run_become_unknown_and_the_rest_waits_for_a_person,
    crash::an_interrupted_job_goes_on_where_it_was_and_sends_nothing_twice,
    crash::a_clean_stop_leaves_nothing_unknown,
    networks::what_another_node_narrowed_is_sent_to_no_more,
    networks::a_node_that_starts_later_sends_by_them_from_the_first_claim_on,
    networks::what_is_asked_without_a_claim_is_held_to_them_too,
    outcome::every_record_of_a_job_names_its_action_alike,
    unread::a_job_whose_records_cannot_be_read_does_not_go_on,
    unread::a_job_that_cannot_be_read_keeps_no_server_from_starting,
    outcome::a_broadcast_to_the_demo_fleet_tells_the_truth_about_every_phone,
    outcome::every_intent_and_every_result_is_in_the_audit_log,
    outcome::what_contact_taught_is_remembered_for_the_next_job,
    outcome::asking_for_settings_tells_them_and_keeps_the_firmware,
    restart::three_hundred_phones_restart_and_each_is_told_as_it_was,
    restart::two_restarts_of_one_phone_come_one_after_the_other,
    unread::phones_that_cannot_be_read_are_not_claimed,
    wrong_phone::a_read_back_that_tells_another_phone_is_told_as_that,
    wrong_phone::another_phone_that_comes_back_proves_nothing,
    wrong_phone::settings_of_another_phone_are_not_kept,
    pbx::what_a_pbx_takes_is_unknown_until_the_effect_is_seen,
    pbx::what_a_pbx_refuses_has_failed_and_is_not_said_again,
    pbx::a_pbx_is_the_second_way_after_what_surely_was_not_sent,
    pbx::a_wrong_password_of_a_pbx_holds_its_phones_and_no_credential_of_theirs,
    pbx::what_a_pbx_took_stops_no_job,
    pbx::two_phones_with_one_user_at_an_asterisk_are_told_as_one,
    pbx::what_is_cancelled_before_a_pbx_is_not_handed_over,
    pbx::what_is_cancelled_while_a_pbx_lets_us_in_is_not_handed_over,
    pbx::another_phone_that_comes_back_proves_nothing_of_what_was_handed_over,
    pbx::what_was_being_handed_over_at_a_crash_is_not_said_twice,
    sip::a_site_behind_a_nat_is_reached_by_sip_alone,
    sip::sip_follows_only_what_surely_was_not_sent,
    sip::what_is_stopped_in_the_line_is_not_sent,
    sip::a_clean_stop_leaves_the_line_unsent,
    sip::a_job_may_choose_one_way_for_all,
    sip::a_site_of_sip_alone_is_asked_by_http_only_for_answers,
    sip::a_sip_server_that_is_away_is_no_unknown,
    sip::what_was_told_by_sip_is_looked_for_over_http,
    sip::where_http_is_closed_a_restart_told_by_sip_is_no_failure,
    sip::where_http_is_not_tried_a_restart_told_by_sip_is_no_failure,
    sip::an_address_of_several_phones_is_never_surely_not_sent,
    sip::what_restarts_unseen_is_away_for_a_while,
    sip::the_yes_of_one_of_several_phones_is_believed_of_none,
    sip::an_address_of_a_protected_phone_is_left_alone,
    sip::an_address_of_a_phone_out_of_reach_is_left_alone,
    sip::the_line_goes_by_the_profile_and_the_addresses_of_now,
    verify::a_reboot_is_verified_by_going_away_and_coming_back,
    verify::looking_costs_at_most_twice_the_command,
    verify::a_setting_is_verified_by_reading_it_back,
    verify::one_lost_look_is_no_restart,
    verify::one_connection_taken_is_no_return,
    verify::a_connection_that_behaves_oddly_is_not_away,
    verify::a_failed_reading_is_told_as_one,
}
