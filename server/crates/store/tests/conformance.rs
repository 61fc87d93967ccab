//! One list of cases, run on SQLite and, where `CARILLON_TEST_POSTGRES_URL` names a server, on
//! Postgres. Every case gets a database of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says on standard error what it skips"
)]

#[path = "conformance/accounts.rs"]
mod accounts;
#[path = "conformance/again.rs"]
mod again;
#[path = "conformance/audit.rs"]
mod audit;
#[path = "conformance/claims.rs"]
mod claims;
#[path = "conformance/credentials.rs"]
mod credentials;
#[path = "conformance/database.rs"]
mod database;
#[path = "conformance/filters.rs"]
mod filters;
#[path = "conformance/inventory.rs"]
mod inventory;
#[path = "conformance/jobs.rs"]
mod jobs;
#[path = "conformance/let_on.rs"]
mod let_on;
#[path = "conformance/lists.rs"]
mod lists;
#[path = "conformance/parity.rs"]
mod parity;
#[path = "conformance/races.rs"]
mod races;
#[path = "conformance/recovery.rs"]
mod recovery;
#[path = "conformance/shown_names.rs"]
mod shown_names;
#[path = "conformance/signed.rs"]
mod signed;
#[path = "conformance/signed_jobs.rs"]
mod signed_jobs;
#[path = "conformance/signed_orders.rs"]
mod signed_orders;
#[path = "conformance/sip.rs"]
mod sip;
#[path = "conformance/sources.rs"]
mod sources;
#[path = "conformance/streams.rs"]
mod streams;
#[path = "conformance/upgrade.rs"]
mod upgrade;
#[path = "conformance/whole.rs"]
mod whole;

macro_rules! cases {
    ($($module:ident :: $case:ident,)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::database::on_sqlite(crate::$module::$case).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::database::on_postgres(crate::$module::$case).await;
            })+
        }
    };
}

cases! {
    again::a_try_more_is_a_new_claim_and_the_old_one_is_kept,
    again::what_was_tried_does_not_end_as_never_tried,
    again::a_claim_goes_no_further_than_each_of_its_limits,
    again::a_refused_credential_holds_its_phones_and_no_others,
    again::a_job_is_due_when_its_hour_has_come,
    sources::records_of_an_address_and_a_day_share_one_commitment,
    sources::an_address_that_was_removed_is_in_no_record,
    sources::without_random_bytes_no_address_is_recorded,
    sources::nodes_that_record_at_once_share_the_commitment,
    streams::a_cursor_moves_on_from_where_it_was_read,
    streams::one_holds_a_stream_until_it_is_silent,
    streams::records_leave_as_they_were_hashed,
    upgrade::an_older_log_is_marked,
    whole::a_new_database_has_no_schema_and_migrates_twice,
    whole::a_dropped_unit_never_was,
    whole::a_task_keeps_its_connection_and_nothing_that_was_not_committed,
    whole::facts_and_the_stop_switch_are_kept,
    whole::epochs_rise_and_leases_end,
    whole::a_text_with_a_nul_is_refused,
    accounts::a_subject_of_an_issuer_is_one_account,
    accounts::names_are_unique_without_regard_to_case,
    accounts::a_step_and_a_recovery_code_are_used_once,
    accounts::a_reset_link_works_once_until_its_end,
    accounts::a_session_goes_on_under_another_id_and_the_oldest_end,
    accounts::passwords_count_their_changes,
    accounts::sessions_end_with_their_account,
    accounts::tokens_are_found_by_hash_and_revoked_once,
    accounts::failures_are_counted_and_forgotten,
    accounts::a_draft_is_taken_once_by_its_owner,
    accounts::the_drafts_that_were_touched_last_are_kept,
    accounts::a_view_belongs_to_one_account,
    accounts::a_key_is_good_for_one_request,
    signed::a_changed_account_is_not_believed,
    signed::a_changed_session_is_not_believed,
    signed::a_changed_token_is_not_believed_and_can_be_revoked,
    signed::a_changed_link_or_identity_is_not_believed,
    signed::areas_go_with_their_site_and_codes_follow,
    signed::a_change_of_a_forged_row_makes_it_no_better,
    signed::changed_networks_are_not_believed,
    signed::a_changed_recovery_code_opens_nothing,
    signed_orders::a_changed_order_is_not_believed,
    signed_orders::a_stop_is_not_lifted_by_what_somebody_else_does,
    signed_jobs::a_changed_job_is_not_run,
    signed_jobs::a_job_that_was_set_running_does_not_run_and_can_be_stopped,
    signed_jobs::each_change_of_a_job_is_another_row,
    signed_jobs::a_list_that_somebody_accepted_is_counted_anew,
    signed_jobs::another_list_of_phones_is_not_sent_to,
    signed_jobs::a_phone_that_somebody_added_stops_the_claims_of_its_job,
    signed_jobs::jobs_of_an_earlier_program_are_frozen_once,
    inventory::a_phone_is_read_as_it_was_written,
    inventory::the_addresses_of_a_phone_are_kept_in_order,
    inventory::an_old_version_is_refused,
    inventory::ten_thousand_phones_are_written_in_one_unit,
    inventory::sites_in_use_stay,
    inventory::groups_keep_their_members,
    inventory::tags_are_added_and_taken,
    inventory::what_contact_taught_survives_an_edit,
    lists::every_order_pages_both_ways,
    lists::foreign_cursors_are_refused,
    lists::a_set_is_known_by_its_digest,
    lists::choices_and_health_agree_with_the_phones,
    lists::what_a_phone_was_sent_is_told_until_its_end,
    shown_names::places_are_found_by_their_shown_names,
    shown_names::sites_have_names_by_their_slugs,
    filters::every_test_finds_its_phones,
    filters::a_test_and_its_opposite_share_out_all_phones,
    filters::rules_lead_to_rules_but_not_in_circles,
    filters::a_rule_without_its_group_takes_nothing,
    credentials::a_unit_counts_what_it_sealed_itself,
    sip::a_profile_is_read_as_it_was_written,
    sip::a_credential_of_a_sip_server_stays_and_holds_its_phones,
    sip::sip_addresses_are_known,
    sip::proofs_go_where_a_command_goes,
    let_on::jobs_that_somebody_lets_go_on_count_beside_their_own,
    credentials::the_nearest_credential_wins,
    credentials::credentials_in_use_stay,
    credentials::own_credentials_come_in_bulk,
    credentials::the_keys_in_use_are_known,
    jobs::a_job_is_read_as_it_was_made,
    jobs::an_address_that_cannot_be_read_hides_no_other,
    jobs::jobs_in_reach_are_those_of_which_all_is,
    jobs::job_lists_filter_and_page,
    jobs::trends_count_what_jobs_count,
    jobs::target_lists_filter_and_page,
    jobs::a_job_tells_where_its_causes_struck,
    jobs::the_first_phones_of_several_jobs_are_named,
    jobs::jobs_that_have_phones_before_them_are_found,
    jobs::waiting_targets_end_untried,
    jobs::states_move_only_from_where_they_were,
    jobs::no_table_takes_a_word_that_is_none,
    claims::claims_go_in_order_and_no_further_than_asked,
    claims::nothing_is_claimed_that_must_not_be,
    claims::a_phone_is_sent_to_by_one_job_at_a_time,
    claims::a_phone_is_left_alone_until_it_was_looked_at,
    claims::results_count_once_and_only_for_their_attempt,
    claims::verifying_leads_to_an_end,
    claims::how_a_job_stands_comes_with_its_results,
    claims::phones_learn_from_results,
    claims::one_batch_may_tell_of_many_jobs,
    claims::one_batch_may_tell_of_one_phone_twice,
    claims::a_site_keeps_its_share,
    filters::rules_do_not_swell,
    recovery::a_lease_and_a_start_never_wait_for_each_other,
    recovery::a_kill_leaves_unknown_and_interrupted,
    recovery::a_clean_stop_interrupts_nothing,
    recovery::living_nodes_are_left_alone,
    races::no_phone_is_claimed_twice,
    races::counters_add_up_at_every_moment,
    races::one_key_makes_one_job,
    races::records_have_no_gaps,
    races::kept_phones_lose_no_edit,
    races::who_writes_is_kept_as_it_was_judged,
    audit::values_are_written_again_for_another_server,
    audit::a_job_has_one_line,
    audit::a_clock_that_jumped_spares_what_lies_between,
    audit::records_are_kept_as_hashed,
    audit::a_record_names_the_run_that_wrote_it,
    audit::the_log_cannot_be_changed,
    audit::every_filter_finds_its_records,
    audit::tiles_leave_nothing_out,
    audit::a_phone_is_found_in_every_stretch,
    audit::what_came_later_is_not_counted,
    audit::pages_batches_and_counts_agree,
}
