//! The log: signed, checked, tampered with, found.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says on standard error what it skips"
)]

mod anywhere;
mod asked;
mod changes;
mod checkpoints;
mod courses;
mod ends;
mod exports;
mod gone;
mod house;
mod indexes;
mod proofs;
mod rows;
mod signer;
mod sources;
mod standing;
mod sums;
mod tampering;
mod tiles;

macro_rules! cases {
    ($($module:ident :: $case:ident,)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(&crate::house::Database::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(database) = crate::house::postgres() {
                    crate::$module::$case(&database).await;
                }
            })+
        }
    };
}

cases! {
    checkpoints::a_log_is_signed_when_it_is_time,
    checkpoints::a_restart_carries_on,
    checkpoints::what_could_not_be_signed_is_closed_later,
    checkpoints::a_shorter_log_is_not_signed_again,
    checkpoints::another_key_signs_nothing,
    checkpoints::a_key_that_somebody_named_signs_nothing,
    checkpoints::notes_that_cannot_be_read_are_counted,
    checkpoints::anchors_catch_up,
    signer::a_signer_signs_what_continues,
    signer::a_signer_that_is_away_holds_up_nothing,
    signer::a_signature_that_got_lost_is_made_up_for,
    signer::a_history_that_was_rewritten_is_not_signed_again,
    signer::an_older_copy_is_not_signed_again,
    signer::another_signer_is_not_believed,
    signer::a_log_goes_over_to_a_signer_and_back,
    signer::what_stands_in_the_place_of_a_signer_is_not_believed,
    proofs::a_record_is_proven_by_one_file,
    proofs::a_proof_that_was_touched_proves_nothing,
    proofs::only_what_leads_to_the_signed_root_is_proven,
    sources::an_address_that_was_touched_is_named,
    sources::a_job_over_midnight_is_intact,
    sources::what_was_removed_in_time_is_not_missed,
    courses::what_the_log_forbids_is_named,
    courses::a_job_that_stands_elsewhere_is_named,
    courses::an_end_that_was_told_is_the_end,
    courses::an_order_that_nobody_gave_is_named,
    courses::an_approval_of_something_else_is_named,
    ends::a_result_that_was_changed_is_named,
    ends::a_phone_of_a_job_that_was_renamed_is_named,
    ends::a_job_that_is_over_is_compared_all_the_same,
    ends::an_end_that_nobody_told_is_named,
    ends::who_accepted_a_job_took_its_phones_as_they_stood,
    ends::what_was_over_and_stands_again_is_named,
    ends::what_somebody_accepted_may_stand_again,
    asked::a_job_that_was_asked_for_otherwise_is_named,
    asked::what_somebody_accepted_of_a_job_counts,
    sums::sums_and_times_that_were_changed_are_named,
    sums::sums_that_the_end_of_a_job_told_are_compared,
    sums::what_is_kept_of_a_job_that_is_not_there_is_named,
    sums::phones_of_a_list_that_somebody_accepted_are_counted,
    sums::sums_of_a_job_of_before_are_those_of_its_phones,
    sums::a_job_that_was_over_at_once_ended_then,
    sums::times_that_somebody_accepted_count,
    sums::decisions_at_other_times_are_named,
    sums::networks_that_nobody_chose_are_named,
    changes::a_request_that_stands_otherwise_is_named,
    changes::what_the_log_forbids_of_requests_is_named,
    changes::what_is_not_told_of_a_request_is_not_judged,
    gone::a_table_that_was_dropped_is_named,
    gone::what_is_noted_of_migrations_hides_nothing,
    indexes::an_index_that_was_replaced_is_named,
    tampering::an_honest_log_is_intact,
    tampering::a_record_that_was_touched_is_named,
    tampering::an_index_that_was_touched_is_named,
    tiles::a_tile_that_somebody_else_wrote_hides_nothing,
    tampering::a_tree_that_was_rebuilt_is_found,
    tampering::a_cut_tail_is_found_by_what_was_kept,
    tampering::forks_and_foreign_signatures_are_found,
    tampering::lines_of_others_are_passed_over,
    standing::the_database_refuses_changes_and_says_when_it_does_not,
    standing::what_an_earlier_file_lacks_is_passed_over_and_said,
    standing::a_row_that_somebody_accepted_is_no_finding,
    standing::sealed_parameters_of_another_job_are_named,
    standing::what_tables_say_of_rights_and_seals_is_held_against_the_log,
    tampering::an_export_is_checked_by_the_second_program,
    exports::an_export_ends_where_it_says,
    exports::what_an_export_says_hides_nothing,
    exports::odd_lines_are_told_alike,
    exports::nothing_else_stands_behind_a_record,
    exports::what_is_no_file_is_refused_at_once,
    rows::checkpoints_that_were_taken_away_are_missed,
    rows::what_the_file_holds_is_put_back_and_told,
    rows::the_newest_alone_is_no_finding,
}
