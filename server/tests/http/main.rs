//! The whole program over real sockets: settings, database, phones and all.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test says what went wrong by stopping, and on standard error what it skips"
)]

mod access;
mod addresses;
mod again;
mod api;
mod approvals;
mod audit;
mod browser;
mod canary;
mod changes;
mod command_line;
mod desk;
mod events;
mod filters;
mod first_start;
mod forged;
mod forms;
mod frame;
mod hashing;
mod house;
mod inventory_pages;
mod journey;
mod kept;
mod keys;
mod language;
mod lifecycle;
mod metrics;
mod networks;
mod no_packet;
mod numbers;
mod once;
mod others;
mod pace;
mod pages_jobs;
mod phones_pages;
mod policy;
mod postgres;
mod principals;
mod problems;
mod provider;
mod queries;
mod refusals;
mod requests;
mod scope;
mod second_factor;
mod signer;
mod single_sign_on;
mod sip;
mod slow_crowd;
mod slow_readers;
mod sources;
mod streams;
mod tls;
mod version;

/// Each case on a database of its own, on SQLite and, where there is a server, on Postgres.
macro_rules! on_both {
    ($($module:ident :: $case:ident,)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::house::on_sqlite(crate::$module::$case).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::house::on_postgres(crate::$module::$case).await;
            })+
        }
    };
}

on_both! {
    journey::a_script_does_the_whole_job,
    journey::a_repeated_request_is_one_job,
    metrics::the_house_is_told_in_numbers,
    journey::a_set_that_changed_is_refused_with_the_difference,
    audit::a_checkpoint_is_handed_out,
    audit::an_export_is_what_was_shown,
    audit::an_export_is_whole_when_packed,
    audit::a_number_needs_a_token_that_may_everything,
    networks::an_administrator_narrows_them_and_sees_whom_it_costs,
    changes::limits_wait_for_another_administrator,
    changes::one_is_refused_and_one_taken_back,
    changes::the_page_says_from_when_there_are_two,
    changes::networks_and_second_factors_wait_too,
    changes::alone_it_is_made_at_once_and_every_administrator_sees_it,
    changes::several_phones_leave_once_two_agree,
    changes::what_moved_meanwhile_is_told_and_stays,
    changes::too_many_phones_are_not_deleted_at_once,
    numbers::a_number_is_read_by_auditors_only_and_removed_in_time,
    numbers::a_job_that_rests_for_long_loses_its_number,
    sources::each_record_names_its_start,
    sources::an_address_is_shown_and_then_said_to_be_removed,
    audit::an_export_that_nobody_takes_ends,
    filters::what_is_meant_is_found_everywhere,
    filters::words_of_the_log_find_it,
    filters::what_cannot_be_understood_is_told_everywhere,
    events::a_stream_ends_when_its_reader_is_another,
    events::the_sum_of_states_is_the_total_at_every_moment,
    access::every_route_refuses_who_may_not,
    access::denials_are_recorded,
    access::reading_changes_nothing,
    kept::the_oldest_review_makes_room,
    kept::what_changes_nothing_asks_nobody,
    kept::a_start_that_came_too_late_leads_back_to_its_review,
    kept::a_late_command_leads_back_to_its_phone,
    kept::a_late_command_to_a_phone_that_is_gone_leads_to_the_list,
    kept::a_late_release_leads_back_to_its_page,
    refusals::who_tries_the_locks_is_told_once_and_counted,
    browser::signing_in_and_out,
    hashing::the_seventeenth_who_waits_is_turned_away,
    language::a_language_is_chosen_and_kept,
    sip::a_profile_is_made_changed_and_taken_away,
    sip::a_pbx_is_chosen_with_all_that_it_needs,
    sip::a_site_whose_http_is_closed_is_reached_from_the_same_page,
    second_factor::an_administrator_sets_one_up_before_anything_else,
    second_factor::what_is_dangerous_is_asked_once_more,
    second_factor::what_leads_passwords_elsewhere_is_asked_once_more,
    second_factor::a_proof_and_its_deed_in_one_request_leave_one_session,
    second_factor::a_new_password_is_asked_who_one_is,
    second_factor::a_failure_after_a_proof_leaves_forms_that_work,
    second_factor::a_link_leads_to_a_new_password,
    inventory_pages::a_list_tells_what_it_did_not_understand,
    inventory_pages::pages_of_a_list_show_every_phone_once,
    inventory_pages::phones_that_nobody_contacted_are_no_outage,
    inventory_pages::a_selection_is_exactly_what_was_looked_at,
    phones_pages::a_kept_list_comes_back_by_its_name,
    phones_pages::columns_that_somebody_chose_stay,
    phones_pages::columns_stand_in_the_order_that_somebody_made,
    phones_pages::many_phones_are_changed_at_once,
    phones_pages::as_many_phones_are_not_the_same_phones,
    phones_pages::a_phone_that_restarts_leads_to_its_job,
    phones_pages::keys_are_jobs_and_a_picture_is_looked_at,
    phones_pages::a_selection_of_240_is_exactly_these_240,
    phones_pages::a_tick_takes_in_the_protected_phones_that_were_shown,
    inventory_pages::an_import_is_reviewed_and_then_exactly_that,
    inventory_pages::a_list_is_mended_without_choosing_it_again,
    inventory_pages::an_old_form_replaces_nothing_unseen,
    inventory_pages::a_rule_shows_its_effect_before_it_is_saved,
    inventory_pages::a_credential_goes_in_and_never_comes_out,
    scope::what_is_out_of_reach_is_absent_in_the_api,
    scope::what_is_out_of_reach_is_absent_on_pages,
    scope::lists_hold_what_is_in_reach,
    scope::jobs_and_lists_take_nothing_from_out_of_reach,
    scope::no_link_leads_to_a_job_out_of_reach,
    scope::a_narrowed_reach_holds_at_once_and_dies_with_its_site,
    scope::who_administers_reaches_everything,
    pace::a_job_for_later_says_so_and_can_be_cancelled,
    pace::every_try_is_told,
    pace::held_phones_wait_for_a_corrected_password,
    approvals::who_lets_a_job_run_names_all_of_it,
    approvals::a_waiting_job_says_for_whom_it_waits,
    approvals::a_refused_job_says_why,
    approvals::a_review_names_who_may_let_it_run,
    approvals::a_job_that_the_hour_makes_large_says_so,
    approvals::a_job_that_nobody_let_run_says_who_could_have,
    approvals::who_answers_too_late_is_told_who_was_faster,
    approvals::whoever_stops_no_job_leaves_it_as_it_is,
    approvals::a_scheduled_job_whose_time_was_over_blames_nobody,
    approvals::a_key_that_waits_says_for_whom,
    again::what_a_stopped_job_left_out_is_ticked,
    again::acknowledged_is_explained_and_not_tried_again,
    again::one_of_several_causes_is_tried_again,
    desk::enter_in_the_list_tags_and_runs_nothing,
    desk::ticks_say_who_is_in_the_selection,
    desk::ticks_go_along_to_the_next_page,
    desk::a_tag_leaves_all_ticks_in_the_selection,
    phones_pages::a_phone_that_moved_since_the_review_is_told,
    phones_pages::a_protected_phone_that_moved_is_told,
    desk::a_change_of_many_leads_back_to_the_same_list,
    desk::what_a_key_came_to_is_said_beside_the_keys,
    desk::a_picture_from_before_a_key_says_so,
    desk::the_log_by_job_names_a_lone_phone,
    desk::a_second_factor_is_asked_for_before_a_yes,
    desk::an_approval_names_who_gets_it_and_who_does_not,
    desk::going_on_without_some_tells_of_who_left_since,
    desk::an_approval_names_ten_phones_of_many,
    desk::a_review_tells_of_another_command_to_its_phones,
    desk::a_number_is_asked_for_with_its_true_reason,
    desk::a_deleted_phone_is_told_by_its_name,
    desk::a_moved_phone_is_told_beside_a_deleted_one,
    desk::an_operator_is_told_the_limit_first,
    desk::a_start_for_later_stands_on_the_button,
    desk::an_end_is_typed_as_the_start_is,
    desk::an_administrator_is_shown_the_way_to_protected_phones,
    desk::empty_passwords_are_told_and_so_is_signing_out,
    desk::words_of_name_and_site_find_a_phone,
    pages_jobs::a_person_does_the_whole_job,
    queries::no_page_asks_the_database_more_than_eight_times,
}
