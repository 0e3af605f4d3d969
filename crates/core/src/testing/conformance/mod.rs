//! What every store must do: one suite, run on memory, SQLite and PostgreSQL.
//!
//! [`store_conformance!`](crate::store_conformance) turns each case into a test of its own, so that a
//! backend's test binary names the sentence that does not hold.

pub mod attachments;
pub mod feedback;
pub mod fixture;
pub mod handing_over;
pub mod idempotency;
pub mod item_paging;
pub mod items;
pub mod jobs;
pub mod keys;
pub mod leases;
pub mod limiter;
pub mod page_bounds;
pub mod paging;
pub mod recovery;
pub mod replacement;
pub mod revocation;
pub mod run_log;
pub mod runs;
pub mod secrets;
pub mod sessions;
pub mod sweep;
pub mod thread_fixture;
pub mod thread_paging;
pub mod threads;

use crate::ports::{
    AttachmentSweep, Attachments, Credentials, Maintenance, RunLease, RunRecovery, Store, Threads,
};

/// Everything a database does for the domain.
pub trait FullStore:
    Store + Credentials + Maintenance + Threads + RunLease + RunRecovery + Attachments + AttachmentSweep
{
}

impl<T> FullStore for T where
    T: Store + Credentials + Maintenance + Threads + RunLease + RunRecovery + Attachments + AttachmentSweep
{
}

/// One `#[tokio::test]` for each case of the store suite.
///
/// `$make` is the path (from `crate::`) of an async function that returns an empty store behind
/// anything that derefs to it, such as `Arc<MemoryStore>`; what it returns is dropped after the case.
#[macro_export]
macro_rules! store_conformance {
    ($make:path) => {
        $crate::conformance_cases! { $make;
            handing_over {
                a_session_in_which_nothing_was_said_can_be_handed_over,
                whoever_has_a_thread_keeps_their_sessions,
                nobody_hands_over_what_is_not_theirs_or_has_ended,
            }
            sessions {
                a_new_session_is_found_with_everything_it_was_given,
                an_id_that_is_taken_is_a_conflict_and_changes_nothing,
                of_creations_at_the_same_time_only_the_one_at_fault_fails,
                a_session_cannot_be_created_outside_the_scope,
                another_user_and_another_site_find_nothing,
                what_a_session_is_promised_comes_back_with_it,
                a_session_may_have_an_id_that_was_given_elsewhere,
                json_comes_back_byte_for_byte_in_the_order_it_came,
                the_newest_standing_session_of_the_workflow_is_reused,
                revoked_expired_and_foreign_sessions_are_not_reused,
                what_was_promised_to_somebody_is_not_reused,
                a_session_is_created_once_and_found_from_then_on,
                of_fifty_callers_one_creates_and_the_others_find_it,
                each_user_workflow_and_site_has_a_session_of_its_own,
            }
            paging {
                sessions_are_listed_newest_first_within_the_scope,
                pages_join_to_the_whole_list,
                random_sessions_page_like_a_sorted_list,
            }
            secrets {
                an_unknown_secret_is_not_found,
                adding_a_secret_changes_only_what_the_change_names,
                a_secret_is_not_added_outside_the_scope_or_to_a_revoked_session,
                the_eleventh_secret_revokes_the_one_issued_first,
                only_live_secrets_count_towards_the_cap,
                a_replacement_counts_towards_the_cap_and_spares_what_it_replaces,
                refreshing_again_and_again_leaves_ten_live_secrets,
                a_hosted_secret_that_is_pushed_out_is_cancelled_at_once,
                adding_in_parallel_leaves_ten_live_secrets,
            }
            replacement {
                a_replaced_secret_names_its_replacement_and_the_new_one_works,
                a_second_replacement_gets_what_the_first_wrote,
                of_fifty_callers_one_replaces,
                a_hosted_secret_is_cancelled_after_the_overlap,
                nothing_is_replaced_outside_the_scope_or_once_revoked,
                a_secret_that_was_pushed_out_is_neither_claimed_nor_replaced,
                a_claim_is_exclusive_until_it_ends_or_is_released,
                a_late_holder_cannot_release_the_claim_of_another,
                a_claim_on_a_replaced_secret_returns_the_replacement,
                of_fifty_callers_one_claims,
                no_claim_is_given_outside_the_scope_or_once_revoked,
                releasing_outside_the_scope_releases_nothing,
            }
            revocation {
                revoking_ends_the_session_its_secrets_and_its_upstream_sessions,
                revoking_twice_writes_one_audit_entry,
                of_some_sessions_those_that_are_revoked_are_told,
                revoking_outside_the_scope_changes_nothing,
                revoking_brings_a_waiting_cancel_job_forward,
                an_upstream_session_that_ended_by_itself_is_not_cancelled,
            }
            keys {
                a_key_is_found_by_its_hash_until_it_is_revoked,
                the_same_key_twice_is_a_conflict,
                keys_are_listed_oldest_first_for_their_site_only,
                revoking_a_key_twice_writes_one_audit_entry,
                a_visitor_reaches_neither_keys_nor_the_audit_log,
                the_audit_log_is_newest_first_of_one_site_and_where_asked_of_one_action,
            }
            jobs {
                a_job_is_taken_once_it_is_due,
                a_taken_job_comes_back_later_with_each_attempt,
                two_takers_never_get_the_same_job,
                a_finished_job_is_gone,
                an_upstream_session_that_nothing_holds_is_noted_once,
                a_lease_survives_the_revocation_of_the_session,
            }
            sweep {
                sealed_replacements_go_after_their_overlap,
                secrets_go_a_day_after_they_ran_out,
                sessions_go_thirty_days_after_they_ended,
                entries_of_the_audit_log_go_after_a_year,
                cancel_jobs_go_once_what_they_cancel_has_run_out,
                a_sweep_goes_through_more_rows_than_one_batch_holds,
                what_still_lives_does_not_hide_what_is_over_behind_it,
                the_store_answers_a_ping,
                idempotency_keys_go_after_their_time,
                runs_go_a_day_after_they_ended,
            }
            threads {
                a_new_thread_is_found_with_everything_it_was_given,
                a_thread_from_elsewhere_keeps_its_id,
                a_thread_cannot_begin_outside_the_scope,
                a_threads_id_that_is_taken_is_a_conflict_and_changes_nothing,
                another_user_and_another_site_find_no_thread,
                a_service_key_reaches_every_thread_of_its_site,
                a_change_touches_only_what_it_names,
                a_status_keeps_what_this_version_does_not_know,
                deleting_a_thread_takes_everything_of_it_along,
                the_audit_log_keeps_that_a_thread_was_deleted,
                deleting_a_thread_takes_the_lease_from_its_run,
            }
            thread_paging {
                threads_are_listed_by_their_time_within_the_scope,
                a_full_page_can_be_the_last,
                a_cursor_that_is_not_in_the_list_gives_an_empty_last_page,
                whoever_deletes_each_page_comes_to_the_lists_end,
                a_list_goes_on_after_a_deleted_thread_for_a_day,
                a_deleted_thread_that_is_there_again_stands_at_its_new_place,
                random_threads_page_like_a_sorted_list,
            }
            items {
                the_texts_of_items_are_the_items,
                an_item_comes_back_byte_for_byte,
                an_item_is_put_at_its_old_place_or_at_the_end,
                the_same_item_of_two_threads_is_two_items,
                writes_are_made_in_their_order,
                of_two_puts_of_an_item_the_second_counts,
                a_write_that_fails_undoes_the_others,
                a_run_changes_its_thread_with_its_items,
                what_cannot_be_an_id_is_not_there,
                a_title_is_kept_without_its_nuls,
                an_item_with_a_nul_in_its_id_is_refused_and_undoes_the_other_writes,
                an_item_is_replaced_where_it_is_without_a_lease,
            }
            item_paging {
                items_are_paged_in_both_orders,
                a_thread_without_items_has_an_empty_page_and_no_thread_has_none,
                an_unknown_cursor_gives_an_empty_last_page,
                hidden_items_are_left_out_before_paging,
                random_writes_page_like_a_list,
            }
            page_bounds {
                before_alone_gives_the_items_that_end_right_before_it,
                with_both_cursors_the_items_lie_between_them,
                a_page_of_nothing_says_whether_there_is_more,
                threads_are_bounded_by_before_as_items_are,
                only_the_newest_threads_are_in_a_list_of_the_newest,
                items_of_other_kinds_are_left_out_before_paging,
            }
            feedback {
                a_later_opinion_replaces_the_earlier_one,
                feedback_on_what_is_not_there_keeps_nothing,
                feedback_stays_with_a_replaced_item_and_goes_with_a_deleted_one,
            }
            runs {
                a_run_begins_writes_and_ends,
                a_second_run_finds_the_thread_busy,
                a_locked_or_closed_thread_takes_no_run,
                a_run_that_ended_cannot_write,
                a_fence_of_another_owner_or_thread_does_not_hold,
                of_fifty_callers_one_begins,
                of_fifty_callers_one_begins_a_new_thread,
                runs_on_many_threads_do_not_wait_for_one_another,
                what_happens_to_a_thread_at_once_waits_for_no_other_in_a_circle,
                what_begins_together_fails_together,
                an_end_that_fails_leaves_the_run_going,
                an_abandoned_run_is_as_if_it_had_never_been,
                a_stop_reaches_the_run_with_its_next_renewal,
            }
            leases {
                a_lease_that_ran_out_is_taken_over,
                what_was_finished_after_the_checkpoint_stays_as_it_is,
                a_takeover_that_fails_changes_nothing,
                a_lease_that_ran_out_holds_again_once_renewed,
                a_checkpoint_stays_until_another_replaces_it,
                a_checkpoint_of_a_run_that_ended_is_not_appended,
                a_batch_of_renewals_is_answered_in_its_order,
                of_fifty_callers_one_takes_a_lease_over,
            }
            idempotency {
                the_same_request_again_finds_its_first_run,
                a_new_thread_is_not_begun_twice,
                a_key_belongs_to_owner_operation_and_thread,
                a_key_is_forgotten_after_its_time,
                what_did_not_begin_leaves_no_key,
                of_fifty_times_the_same_request_one_begins_a_thread,
                of_fifty_times_the_same_request_one_goes_on,
            }
            attachments {
                an_attachment_is_found_by_its_owner_only,
                an_attachment_cannot_be_announced_for_somebody_else,
                attachments_are_counted_from_a_time_on_sent_or_not,
                the_attachments_of_others_are_not_counted,
                of_fifty_attachments_announced_at_once_as_many_are_created_as_may_be,
                the_content_comes_once,
                a_message_takes_its_attachments_along,
                an_attachment_is_sent_once_and_only_when_it_is_there,
                a_message_that_comes_again_finds_its_run_although_its_attachments_are_sent,
                of_two_messages_with_the_same_attachment_one_begins,
                attachments_go_with_their_thread_and_their_message,
                a_deleted_attachment_leaves_its_blobs_to_be_deleted_once,
                what_nobody_waits_for_goes,
            }
            recovery {
                a_run_whose_lease_ran_out_is_closed_with_its_checkpoint,
                a_start_closes_every_run,
                no_more_runs_are_closed_than_were_asked_for,
                two_recoveries_never_close_the_same_run,
            }
        }
    };
}

/// One `#[tokio::test]` for each case of the limiter suite; `$make` as in
/// [`store_conformance!`](crate::store_conformance).
#[macro_export]
macro_rules! limiter_conformance {
    ($make:path) => {
        $crate::conformance_cases! { $make;
            limiter {
                requests_pass_up_to_the_limit_and_then_wait_for_the_window,
                a_window_is_anchored_at_its_first_request,
                keys_are_counted_apart,
                fifty_requests_at_once_are_counted_one_by_one,
            }
        }
    };
}

/// One `#[tokio::test]` for each case of the run log suite; `$make` as in
/// [`store_conformance!`](crate::store_conformance).
#[macro_export]
macro_rules! run_log_conformance {
    ($make:path) => {
        $crate::conformance_cases! { $make;
            run_log {
                events_come_back_in_order_byte_for_byte,
                a_reader_goes_on_after_any_number,
                runs_are_kept_apart,
                what_is_added_twice_is_there_once,
                a_gap_is_refused_and_adds_nothing,
                an_ended_log_says_so_and_takes_nothing_more,
                a_log_is_closed_beyond_every_number_that_its_node_gave_out,
                a_log_is_closed_without_a_word,
                a_log_that_is_not_there_is_not_closed,
                who_waits_hears_at_once_that_a_log_is_closed,
                a_run_without_events_can_end,
                a_number_that_was_never_given_out_counts_as_the_last,
                an_unknown_run_has_no_log,
                a_part_is_bounded_and_a_larger_event_goes_alone,
                silence_ends_a_wait_with_nothing,
                fifty_readers_that_wait_get_each_event_and_the_end,
                whatever_is_done_to_a_log_it_holds_what_a_list_would,
            }
        }
    };
}

/// The expansion of [`store_conformance!`](crate::store_conformance).
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($make:path; $($subject:ident { $($case:ident,)* })*) => {
        $(mod $subject {
            $crate::conformance_cases! { @tests $make; $subject; $($case,)* }
        })*
    };
    (@tests $make:path; $subject:ident; $($case:ident,)*) => {
        // Several threads, as the server has them: what a store spawns runs beside the case.
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let store = $make().await;
            $crate::testing::conformance::$subject::$case(&*store).await;
        })*
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_run() {
        let listed = include_str!("mod.rs");
        let subjects = [
            include_str!("attachments.rs"),
            include_str!("feedback.rs"),
            include_str!("idempotency.rs"),
            include_str!("item_paging.rs"),
            include_str!("items.rs"),
            include_str!("jobs.rs"),
            include_str!("keys.rs"),
            include_str!("leases.rs"),
            include_str!("limiter.rs"),
            include_str!("page_bounds.rs"),
            include_str!("paging.rs"),
            include_str!("recovery.rs"),
            include_str!("replacement.rs"),
            include_str!("revocation.rs"),
            include_str!("run_log.rs"),
            include_str!("runs.rs"),
            include_str!("secrets.rs"),
            include_str!("sessions.rs"),
            include_str!("sweep.rs"),
            include_str!("thread_paging.rs"),
            include_str!("threads.rs"),
        ];
        for line in subjects.iter().flat_map(|subject| subject.lines()) {
            let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
            let name = rest.split('(').next().unwrap();
            assert!(listed.contains(&format!(" {name},")), "{name} is not in the macro's list");
        }
    }
}
