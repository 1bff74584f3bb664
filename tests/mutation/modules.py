"""The modules of the layer, each with the tests that can kill its mutants, or with the reason why it has none.

Modules that share their tests are one group, and are tried in one run of mutmut. mutmut finds out itself which tests
call a function, so a test that has nothing to do with a function costs time once a run, not once a mutant.
"""

from typing import NamedTuple

_COUNTS = "integration/test_metrics.py::test_every_change_is_counted_once_and_a_repeated_change_is_not"
_CURSORS_FILE = "integration/storage/test_cursors.py"
_CURSORS = f"{_CURSORS_FILE}::test_a_cursor_is_good_in_a_later_version_too"
_REHASH = "integration/accounts/test_sessions.py::test_a_password_is_hashed_anew_when_the_parameters_have_changed"
_LOGIN_METRICS = "integration/test_metrics.py::test_a_failed_login_counts_whether_it_was_looked_at_or_not"
_TEMPORARY_PASSWORD = (
    "integration/accounts/test_passwords.py::test_a_reset_ends_every_session_and_gives_a_temporary_password"
)
_CURRENT_PASSWORDS = (
    _TEMPORARY_PASSWORD,
    "integration/accounts/test_passwords.py::test_ones_own_password_is_changed_and_other_sessions_end",
    "integration/accounts/test_passwords.py::test_a_wrong_current_password_is_counted_like_a_failed_login",
)
_SECRETS = (
    "integration/accounts/test_accounts.py::test_a_rotated_master_token_counts_at_once",
    "integration/accounts/test_accounts.py::test_of_two_rotations_at_once_the_first_counts_and_the_second_is_refused",
)
_LISTS_OF_TENANTS = (
    "test_tenants_are_listed_by_state_and_by_the_beginning_of_the_name",
    "test_the_pages_of_a_state_go_on_behind_each_other",
)
_REPEATED_REGISTRATIONS = (
    "test_a_tenant_is_made_once_and_its_token_answered_again",
    "test_the_webhook_of_a_registration_is_made_once_and_its_secret_answered_again",
    "test_another_registration_is_refused",
    "test_two_registrations_with_different_keys_make_two_tenants",
    "test_a_registration_repeated_after_the_tenants_deletion_makes_no_second_tenant",
)
_ACCOUNT_CREATION = (
    "integration/accounts/test_usernames.py",
    "integration/accounts/test_passwords.py::test_the_operators_superadmin_begins_with_a_temporary_password",
    *(
        f"integration/accounts/test_accounts.py::{test}"
        for test in (
            "test_an_account_is_made_with_the_whole_profile",
            "test_an_account_is_made_in_one_moment_and_audited",
            "test_an_email_is_taken_platform_wide",
            "test_a_new_account_takes_no_other_ones_place",
            "test_a_caller_who_lost_access_does_not_learn_which_emails_are_taken",
            "test_superadmins_are_counted_through_every_change",
            "test_the_first_superadmin_is_made_once",
            "test_a_deleted_accounts_email_is_in_no_kept_answer_and_its_creation_is_not_repeated",
        )
    ),
)
_REFUSED_ACCOUNT_CHANGE = (
    "integration/audit/test_audit.py::test_a_refused_change_of_an_account_is_found_by_the_accounts_number"
)
_CHANGES_AFTER_ENDS = tuple(
    f"integration/tenants/test_temporary_roles.py::{test}"
    for test in (
        "test_a_change_after_the_end_first_writes_the_end_down",
        "test_ones_own_changes_after_the_end_first_write_it_down",
        "test_a_refused_change_after_the_end_does_not_write_it_down",
        "test_a_change_that_was_throttled_until_the_end_is_not_sent_again",
    )
)
_PASSWORDS_OF_USERS = (
    "integration/tenants/test_passwords.py",
    *_CHANGES_AFTER_ENDS,
    "integration/tenants/test_users.py::test_a_managers_change_of_a_user_who_becomes_an_admin_meanwhile_is_refused",
    *(
        f"integration/tenants/test_provisioned_users.py::{test}"
        for test in (
            "test_an_admin_sets_the_first_password",
            "test_nobody_sets_their_own_first_password",
            "test_of_two_concurrent_first_passwords_the_later_one_is_stored",
        )
    ),
)
_TOKENS_OF_USERS = (
    "integration/operations/test_admin_tokens.py",
    "integration/tenants/test_sessions.py::test_a_session_that_ends_during_the_request_rotates_no_token",
    "integration/tenants/test_temporary_roles.py::test_a_temporary_admin_rotates_no_token_of_a_user_with_more_power",
    "integration/tenants/test_temporary_roles.py::test_the_write_checks_an_end_that_was_moved_earlier_during_the_request",
    "integration/tenants/test_provisioned_users.py::test_a_provisioned_user_can_get_a_token",
    *_CHANGES_AFTER_ENDS,
    _COUNTS,
    *(
        f"integration/tenants/test_users.py::{test}"
        for test in (
            "test_a_caller_rotates_the_tokens_of_the_users_it_manages",
            "test_a_rotation_is_audited_and_has_its_time",
            "test_everyone_rotates_their_own_token",
            "test_a_rotated_token_goes_with_its_user",
            "test_a_user_deactivated_after_authorization_gets_no_new_token",
            "test_a_deactivation_that_comes_between_leaves_no_new_token",
            "test_an_actor_who_lost_access_after_authorization_rotates_no_token",
            "test_a_user_without_one_token_gets_one_by_rotation",
            "test_a_token_rotated_after_authorization_is_not_rotated_again",
            "test_a_managers_change_of_a_user_who_becomes_an_admin_meanwhile_is_refused",
        )
    ),
)
_FAILURES_AFTER_COMMIT = (
    "integration/test_failures.py::test_a_failure_of_dynamodb_after_the_commit_does_not_fail_the_request"
)
_DELETION_OF_USERS = (
    "integration/tenants/test_user_deletion_crashes.py",
    "integration/tenants/test_sessions.py::test_a_deleted_user_leaves_no_session",
    "integration/tenants/test_idempotency.py",
    "integration/webhooks/test_last_deliveries.py",
    "integration/tenants/test_provisioned_users.py::test_a_deleted_user_is_not_found",
    *_CHANGES_AFTER_ENDS,
    _COUNTS,
    *(
        f"integration/tenants/test_users.py::{test}"
        for test in (
            "test_the_last_admin_stays",
            "test_a_caller_deletes_the_users_it_manages",
            "test_what_belongs_to_a_user_lies_with_the_user",
            "test_nobody_deletes_themselves",
            "test_a_crash_leaves_a_user_whole_or_gone_and_maintenance_finishes_it",
            "test_a_stale_version_is_refused_and_the_current_one_is_not",
            "test_a_user_whose_deletion_stopped_has_all_that_a_role_event_needs",
            "test_a_managers_change_of_a_user_who_becomes_an_admin_meanwhile_is_refused",
            "test_a_deletion_of_the_tenant_sweeps_a_user_whose_deletion_stopped_but_not_its_successors_email",
        )
    ),
)


class Group(NamedTuple):
    """Modules, and the tests that can kill their mutants: files, folders or single tests below `tests`."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = (
    Group(("audit/role_events",), ("unit/audit",)),
    Group(("auth/roles",), ("unit/auth/test_roles.py", "unit/auth/test_held_roles.py")),
    Group(("auth/tokens",), ("unit/auth/test_tokens.py",)),
    Group(("auth/passwords",), ("unit/auth/test_passwords.py", _REHASH)),
    Group(("clock", "config", "ids"), ("unit/base/test_ids_and_clock.py", "unit/base/test_config.py")),
    Group(("deadline", "pool"), ("unit/base/test_pool.py", "unit/base/test_deadline.py")),
    Group(("errors", "telemetry"), ("unit/base/test_errors.py", "unit/base/test_telemetry.py")),
    Group(
        ("text_rules", "email_addresses"),
        ("unit/base/test_text_rules.py", "unit/base/test_email_addresses.py", "unit/http/test_models.py"),
    ),
    Group(
        (
            "storage/cursors",
            "storage/dynamodb",
            "storage/expressions",
            "storage/reads",
            "storage/retries",
            "storage/writes",
        ),
        ("unit/storage", "integration/storage"),
    ),
    Group(("storage/indexes", "storage/keys"), ("unit/storage/test_indexes.py", "unit/storage/test_keys.py")),
    Group(
        ("aws/clients",),
        (
            "unit/aws",
            "unit/storage",
            "unit/audit",
            "integration/aws/test_deadlines.py::test_each_client_waits_until_the_deadline_and_no_longer",
        ),
    ),
    Group(("aws/queues",), ("unit/aws/test_queues.py",)),
    Group(
        ("aws/secrets_manager",),
        ("integration/aws/test_secrets_manager.py", "integration/auth/test_jwts.py", *_SECRETS),
    ),
    Group(
        ("auth/authorizer",),
        (
            "unit/auth/test_authorizer.py",
            "integration/auth/test_authorizer.py",
            "integration/auth/test_token_use.py",
        ),
    ),
    Group(
        ("auth/preconditions", "auth/principals"),
        (
            "unit/auth/test_preconditions.py",
            "unit/auth/test_principals.py",
            "unit/auth/test_held_roles.py",
            "integration/test_ended_access.py",
            "integration/accounts/test_passwords.py",
            *(
                f"integration/tenants/test_temporary_roles.py::{test}"
                for test in (
                    "test_the_write_checks_an_end_that_was_moved_earlier_during_the_request",
                    "test_a_change_that_was_throttled_until_the_end_is_not_sent_again",
                    "test_a_temporary_admin_rotates_no_token_of_a_user_with_more_power",
                    "test_a_temporary_admin_changes_no_email_of_a_user_with_more_power",
                )
            ),
        ),
    ),
    Group(("auth/jwts",), ("unit/auth/test_jwt_keys.py", "integration/auth/test_jwts.py")),
    Group(("auth/token_use",), ("unit/auth/test_token_use.py", "integration/auth/test_token_use.py")),
    Group(
        ("http/field_types", "http/json_text", "http/models"),
        ("unit/http/test_models.py", "unit/http/test_json_text.py"),
    ),
    Group(
        ("http/guards", "http/requests", "http/responses", "http/routes"),
        ("unit/http", "integration/audit/test_refusals.py", _REFUSED_ACCOUNT_CHANGE),
    ),
    Group(("webhooks/addresses", "webhooks/waits", "webhooks/receivers"), ("unit/webhooks",)),
    Group(
        ("audit/trail", "audit/redaction", "audit/refusals"),
        (
            "integration/audit",
            "integration/test_reasons.py",
            "integration/tenants/test_temporary_roles.py::"
            "test_maintenance_records_the_end_once_with_the_time_of_the_end",
        ),
    ),
    Group(
        ("tenants/tenants",),
        (
            "integration/tenants/test_register_tenant.py",
            "integration/tenants/test_tenants.py",
            _COUNTS,
            *(f"integration/deletion/test_scheduled_deletion.py::{test}" for test in _LISTS_OF_TENANTS),
            *(f"integration/tenants/test_idempotency.py::{test}" for test in _REPEATED_REGISTRATIONS),
        ),
    ),
    Group(("auth/idempotency",), ("unit/auth/test_idempotency.py", "integration/tenants/test_idempotency.py")),
    # Nearly every test of users makes one and promotes it. So the other modules of users have fewer tests of their own,
    # or a mutant that survives would take minutes.
    Group(
        ("tenants/users", "tenants/user_creation", "tenants/user_changes", "tenants/change_rules"),
        (
            "integration/tenants/test_users.py",
            "integration/tenants/test_create_user.py",
            "integration/tenants/test_provisioned_users.py",
            "integration/tenants/test_user_emails.py",
            "integration/tenants/test_promote_user.py",
            "integration/tenants/test_promote_users.py",
            "integration/tenants/test_temporary_roles.py",
            "integration/tenants/test_list_users.py",
            "integration/tenants/test_list_users_filtered.py",
            "integration/tenants/test_idempotency.py",
            "integration/tenants/test_sessions.py::test_a_deactivation_ends_sessions_for_good",
            "integration/tenants/test_sessions.py::test_a_user_of_an_earlier_version_has_the_first_generation",
            "integration/test_ended_access.py",
            _COUNTS,
            _CURSORS,
        ),
    ),
    Group(
        ("tenants/user_lookup", "tenants/user_profiles", "tenants/email_reservations"),
        ("integration/tenants/test_user_emails.py", "integration/tenants/test_provisioned_users.py"),
    ),
    Group(("tenants/role_ends",), ("integration/tenants/test_temporary_roles.py",)),
    Group(("tenants/user_tokens",), _TOKENS_OF_USERS),
    Group(("tenants/user_deletion",), _DELETION_OF_USERS),
    Group(("tenants/sessions",), ("integration/tenants/test_sessions.py", *_CHANGES_AFTER_ENDS)),
    Group(
        ("tenants/allowed_roles", "tenants/bulk_promotion"),
        ("integration/tenants/test_allowed_roles.py", "integration/tenants/test_promote_users.py"),
    ),
    Group(("tenants/user_passwords",), _PASSWORDS_OF_USERS),
    Group(
        (
            "webhooks/webhooks",
            "webhooks/webhook_list",
            "webhooks/webhook_changes",
            "webhooks/webhook_counts",
            "webhooks/signing_secrets",
            "webhooks/last_deliveries",
            "webhooks/delivery_messages",
            "webhooks/delivery",
            "webhooks/delivery_state",
            "webhooks/fan_out",
        ),
        ("integration/webhooks",),
    ),
    Group(
        (
            "scim/errors",
            "scim/filters",
            "scim/patch",
            "scim/provider_values",
            "scim/resources",
            "scim/schemas",
            "scim/selections",
            "scim/user_values",
        ),
        ("unit/scim",),
    ),
    Group(
        ("scim/discovery", "scim/endpoints", "scim/searches", "scim/user_endpoints", "tenants/user_positions"),
        (
            "unit/scim/test_scim_endpoints.py",
            "integration/scim",
            "integration/test_ended_access.py::test_every_change_over_scim_is_401",
        ),
    ),
    Group(("deletion/owned_keys",), ("integration/deletion/test_owned_keys.py",)),
    Group(("tenants/devices", "tenants/user_items"), ("integration/tenants/test_devices.py",)),
    Group(
        (
            "accounts/accounts",
            "accounts/account_changes",
            "accounts/role_ends",
            "accounts/account_deletion",
            "accounts/history",
            "accounts/usernames",
        ),
        (
            "integration/accounts/test_accounts.py",
            "integration/accounts/test_change_account_role.py",
            "integration/accounts/test_temporary_roles.py",
            "integration/accounts/test_usernames.py",
            _COUNTS,
            _CURSORS,
            f"{_CURSORS_FILE}::test_a_history_cursor_stays_valid_in_later_versions",
            _FAILURES_AFTER_COMMIT,
        ),
    ),
    # Nearly every test of accounts makes one and logs in. So these modules have tests of their own, or a mutant that
    # survives would take minutes.
    Group(("accounts/account_creation",), _ACCOUNT_CREATION),
    Group(("auth/login_attempts",), ("integration/accounts/test_login_attempts.py", _LOGIN_METRICS)),
    Group(
        ("accounts/account_passwords", "auth/password_changes"),
        (
            "integration/accounts/test_passwords.py",
            "integration/tenants/test_passwords.py",
            "integration/accounts/test_temporary_roles.py::test_a_change_after_the_end_first_writes_the_end_down",
            "integration/tenants/test_provisioned_users.py::test_an_admin_sets_the_first_password",
            "integration/tenants/test_provisioned_users.py::test_of_two_concurrent_first_passwords_the_later_one_is_stored",
        ),
    ),
    Group(
        ("accounts/sessions", "audit/session_revocations", "auth/logins", "auth/session_owners", "auth/sessions"),
        (
            "unit/auth/test_session_owners.py",
            "integration/accounts/test_log_in.py",
            "integration/accounts/test_sessions.py",
            "integration/tenants/test_sessions.py",
            _LOGIN_METRICS,
            "integration/accounts/test_login_attempts.py::test_one_attempt_is_checked_when_the_wait_is_over",
            "integration/accounts/test_login_attempts.py::test_every_failure_is_counted",
            *_CURRENT_PASSWORDS,
        ),
    ),
    Group(
        (
            "deletion/completion",
            "deletion/jobs",
            "deletion/requests",
            "deletion/schedule",
            "deletion/slice_items",
            "deletion/slice_ranges",
            "deletion/slices",
            "deletion/sweep",
            "deletion/workers",
            "tenants/restoration",
        ),
        (
            "unit/deletion",
            "unit/operations/test_maintenance.py",
            "integration/operations/test_maintenance.py",
            "integration/deletion/test_delete_tenant.py",
            "integration/deletion/test_deletion.py",
            "integration/deletion/test_deletion_crashes.py",
            "integration/deletion/test_jobs.py",
            "integration/deletion/test_restoration.py",
            "integration/deletion/test_scheduled_deletion.py",
            "integration/deletion/test_slice_items.py",
            "integration/deletion/test_slices.py",
            _FAILURES_AFTER_COMMIT,
        ),
    ),
    Group(
        ("operations/role_end_invariants", "operations/audit_coverage", "operations/webhook_count_check"),
        (
            "unit/operations/test_role_end_invariants.py",
            "integration/operations/test_invariants.py",
            "integration/operations/test_webhook_count_check.py",
        ),
    ),
    Group(
        ("operations/admin_counts", "operations/findings", "operations/invariants"),
        (
            "unit/operations/test_role_end_invariants.py",
            "integration/operations/test_invariants.py",
            "integration/operations/test_webhook_count_check.py",
            "integration/accounts/test_usernames.py",
        ),
    ),
    Group(
        ("operations/maintenance", "operations/due_role_ends"),
        (
            "unit/operations/test_maintenance.py",
            "integration/operations/test_maintenance.py",
            "integration/operations/test_due_role_ends.py",
            "integration/accounts/test_temporary_roles.py",
            "integration/tenants/test_temporary_roles.py",
        ),
    ),
    Group(
        ("operations/operator",),
        (
            "integration/operations/test_admin_tokens.py",
            "integration/accounts/test_accounts.py",
            "integration/accounts/test_passwords.py::test_the_operators_superadmin_begins_with_a_temporary_password",
        ),
    ),
)

#: Modules without a decision that mutmut could change, and why.
DECIDE_NOTHING = {
    "randomness": "names one source of random numbers; it has no function",
    "deletion/executors": "numbers, and two thread pools that are opened together; its one function is decorated",
}

#: What takes long, and would for each survivor.
LEFT_OUT = (
    # `test_roles.py` has the same table.
    "integration/tenants/test_promote_user.py::test_the_whole_role_table",
    "integration/tenants/test_list_users_filtered.py::test_a_page_costs_the_same_in_a_small_and_in_a_large_tenant",
    "integration/webhooks/test_deliveries.py::test_a_crash_at_any_call_loses_no_event_and_sends_none_to_another_tenant",
    # It reads all that is printed. mutmut runs pytest several times in one process, and the logger then reports that
    # the output of the run before is closed.
    "integration/webhooks/test_deliveries.py::"
    "test_no_email_secret_or_url_is_in_a_message_a_delivery_a_log_or_the_state",
    # They measure times, or on a busy machine take longer than a test may here.
    "integration/webhooks/test_deliveries.py::test_one_receiver_that_never_answers_delays_none_of_a_hundred_that_do",
    "integration/deletion/test_scheduled_deletion.py::"
    "test_a_start_by_maintenance_that_dies_at_any_call_is_followed_by_the_next_run",
)
