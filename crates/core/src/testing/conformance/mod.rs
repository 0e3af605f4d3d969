//! What every store must do: one suite, run on memory, SQLite and PostgreSQL.
//!
//! [`store_conformance!`](crate::store_conformance) turns each case into a test of its own, so that a
//! backend's test binary names the sentence that does not hold.

pub mod fixture;
pub mod jobs;
pub mod keys;
pub mod limiter;
pub mod paging;
pub mod replacement;
pub mod revocation;
pub mod run_log;
pub mod secrets;
pub mod sessions;
pub mod sweep;

use crate::ports::{Credentials, Maintenance, Store};

/// Everything a database does for the domain.
pub trait FullStore: Store + Credentials + Maintenance {}

impl<T: Store + Credentials + Maintenance> FullStore for T {}

/// One `#[tokio::test]` for each case of the store suite.
///
/// `$make` is the path (from `crate::`) of an async function that returns an empty store behind
/// anything that derefs to it, such as `Arc<MemoryStore>`; what it returns is dropped after the case.
#[macro_export]
macro_rules! store_conformance {
    ($make:path) => {
        $crate::conformance_cases! { $make;
            sessions {
                a_new_session_is_found_with_everything_it_was_given,
                an_id_that_is_taken_is_a_conflict_and_changes_nothing,
                of_creations_at_the_same_time_only_the_one_at_fault_fails,
                a_session_cannot_be_created_outside_the_scope,
                another_user_and_another_site_find_nothing,
                json_comes_back_byte_for_byte_in_the_order_it_came,
                the_newest_standing_session_of_the_workflow_is_reused,
                revoked_expired_and_foreign_sessions_are_not_reused,
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
                the_audit_log_is_newest_first_and_of_one_site,
            }
            jobs {
                a_job_is_taken_once_it_is_due,
                a_taken_job_comes_back_later_with_each_attempt,
                two_takers_never_get_the_same_job,
                a_finished_job_is_gone,
                a_lease_survives_the_revocation_of_the_session,
            }
            sweep {
                sealed_replacements_go_after_their_overlap,
                secrets_go_a_day_after_they_ran_out,
                sessions_go_thirty_days_after_they_ended,
                a_sweep_goes_through_more_rows_than_one_batch_holds,
                what_still_lives_does_not_hide_what_is_over_behind_it,
                the_store_answers_a_ping,
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
                a_run_without_events_can_end,
                a_number_that_was_never_given_out_counts_as_the_last,
                an_unknown_run_has_no_log,
                a_part_is_bounded_and_a_larger_event_goes_alone,
                silence_ends_a_wait_with_nothing,
                fifty_readers_that_wait_get_each_event_and_the_end,
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
            include_str!("jobs.rs"),
            include_str!("keys.rs"),
            include_str!("limiter.rs"),
            include_str!("paging.rs"),
            include_str!("replacement.rs"),
            include_str!("revocation.rs"),
            include_str!("run_log.rs"),
            include_str!("secrets.rs"),
            include_str!("sessions.rs"),
            include_str!("sweep.rs"),
        ];
        for line in subjects.iter().flat_map(|subject| subject.lines()) {
            let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
            let name = rest.split('(').next().unwrap();
            assert!(listed.contains(&format!(" {name},")), "{name} is not in the macro's list");
        }
    }
}
