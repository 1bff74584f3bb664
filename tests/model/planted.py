"""Bugs that the model test must find, one at a time. Each is a correct line of the code and a wrong version of it.

`plant` compiles the function again with the wrong line and replaces the function everywhere. If the correct line no
longer exists, `plant` fails, so no entry of this list can become useless unnoticed.
"""

import importlib
import inspect
import sys
import textwrap
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Bug:
    """`where` is `module:function` or `module:Class.method` of the layer.

    `also` has further places, each with its correct and its wrong line: a rule that two places hold would otherwise
    still be held by the other place.
    """

    kind: str
    where: str
    line: str
    planted: str
    also: tuple[tuple[str, str, str], ...] = ()

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for where, line, planted in ((self.where, self.line, self.planted), *self.also):
            self._plant(monkeypatch, where, line, planted)

    @staticmethod
    def _plant(monkeypatch: pytest.MonkeyPatch, where: str, line: str, planted: str) -> None:
        name, _, path = where.partition(":")
        module = importlib.import_module(f"rolecall.{name}")
        *owner, function_name = path.split(".")
        holder: Any = getattr(module, owner[0]) if owner else module
        function = inspect.getattr_static(holder, function_name)
        source = textwrap.dedent(inspect.getsource(getattr(function, "fget", None) or function))
        assert source.count(line) == 1, f"{where} has no such line any more"
        made: dict[str, Any] = {}
        exec(compile(source.replace(line, planted), where, "exec"), vars(module), made)  # noqa: S102
        if owner:
            monkeypatch.setattr(holder, function_name, made[function_name])
        for other in list(sys.modules.values()):
            if getattr(other, "__name__", "").startswith(("rolecall", "functions.")):
                for known, value in list(vars(other).items()):
                    if value is function:
                        monkeypatch.setattr(other, known, made[function_name])


#: A manager never has a power that an admin has, so these two places hold the rules of transitions too.
_POWERS_ARE_NOT_COMPARED = (
    ("auth.roles:check_change_outlives_nothing", "if not all(", "if actor.until is not None and not all("),
    (
        "auth.preconditions:actor_still_authorized",
        "conditions = [_role_in_force(principal.role), *powers_outlive_nothing]",
        "conditions = [_role_in_force(principal.role), *(powers_outlive_nothing if principal.role_until else ())]",
    ),
)

BUGS = {
    "an actor's role and state are not checked again": Bug(
        "forgotten condition",
        "auth.preconditions:actor_still_authorized",
        "return _actor_checks(principal, Forbidden, *conditions)",
        "return []",
    ),
    "the last admin may go": Bug(
        "forgotten condition",
        "auth.preconditions:tenant_active",
        'active = active & Attr("active_admins").gt(-admin_delta)',
        "pass",
    ),
    "the last superadmin may go": Bug(
        "forgotten condition",
        "accounts.accounts:superadmin_count_writes",
        'Attr("enabled_superadmins").gt(0 if may_fall_to_zero else 1)',
        'Attr("enabled_superadmins").gte(0 if may_fall_to_zero else 1)',
    ),
    "a tenant that is being deleted can be written to": Bug(
        "forgotten condition",
        "auth.preconditions:tenant_active",
        'Attr("status").eq(ACTIVE)',
        'Attr("status").exists()',
    ),
    "a version is not asked for at a deletion": Bug(
        "forgotten condition",
        "tenants.user_deletion:_mark_deleted_and_free_owned_keys",
        "if if_match is not None and user.version not in if_match:",
        "if if_match is not None and not if_match:",
    ),
    "a manager makes admins": Bug(
        "wrong transition",
        "auth.roles:decide_role_change",
        "if old_role != new_role_or_same and (old_role, new_role_or_same) not in ALLOWED_TRANSITIONS[actor.role]:",
        "if old_role != new_role_or_same and (old_role, new_role_or_same) not in ALLOWED_TRANSITIONS[actor.role]"
        " and old_role is not Role.USER:",
        also=_POWERS_ARE_NOT_COMPARED,
    ),
    "a manager demotes itself": Bug(
        "wrong transition",
        "auth.roles:decide_role_change",
        "if target_is_actor:",
        "if target_is_actor and target.role is Role.ADMIN:",
    ),
    "the rules are asked before the version": Bug(
        "wrong order of checks",
        "tenants.user_changes:_check_and_write_change",
        """    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
    new = change_rules.decide_change(context, old, change_of(old))
""",
        """    new = change_rules.decide_change(context, old, change_of(old))
    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
""",
    ),
    "an admin who is deactivated still counts": Bug(
        "stale count",
        "tenants.user_changes:_check_and_write_change",
        "admin_delta=admin_count_delta(old.counted_role, new.counted_role)",
        "admin_delta=admin_count_delta(old.role, new.role)",
    ),
    "an inactive admin who is deleted is counted out again": Bug(
        "stale count",
        "tenants.user_deletion:_mark_deleted_and_free_owned_keys",
        "admin_delta=admin_count_delta(user.counted_role, None)",
        "admin_delta=admin_count_delta(user.role, None)",
    ),
    "a change is not written down": Bug(
        "missing audit entry",
        "storage.writes:transact",
        "    parameters = _transaction_parameters(writes)\n    backoff",
        """    writes = tuple(one for one in writes if "update_user" not in str(one))
    parameters = _transaction_parameters(writes)
    backoff""",
    ),
    "a refusal for the last admin's sake is not written down": Bug(
        "missing audit entry",
        "http.routes:Route._respond",
        "if self.audit_refusals:",
        "if self.audit_refusals and refusal.status == 403:",
    ),
    "a reason is kept with the next change": Bug(
        "reason lost",
        "tenants.user_changes:_check_and_write_change",
        '"change_reason": reason,',
        '**({"change_reason": reason} if reason else {}),',
    ),
    "the reason of a deletion is not in the trail": Bug(
        "reason lost",
        "deletion.requests:_write_tombstone",
        "        reason=reason,\n",
        "",
    ),
    "an email stays in a reason after its tenant is gone": Bug(
        "reason lost",
        "audit.redaction:_write_hashes_over_emails",
        'if audit_entry.get("reason"):',
        "if False:",
    ),
    "a manager is offered what it may not give": Bug(
        "more offered than allowed",
        "tenants.allowed_roles:_would_promotion_be_allowed",
        "changed = change_rules.decide_change(context, user, change_rules.UserChange(role=role))",
        "changed = user",
    ),
    "a dry run does not see the last admin": Bug(
        "dry run that lies",
        "tenants.bulk_promotion:preview_promotions",
        "admins_after = change_rules.require_remaining_admin(admins, old, new)",
        "admins_after = admins",
    ),
    "a dry run does not look at its actor": Bug(
        "dry run that lies",
        "tenants.bulk_promotion:preview_promotions",
        "            standing.require_role_seen_by_authorizer()\n            standing.require_no_power",
        "            standing.require_no_power",
    ),
    "an actor who is demoted halfway goes on with the new role": Bug(
        "power that outlives its loss",
        "tenants.bulk_promotion:_change_one_role_and_record_refusal",
        "context = replace(context, at=clock.now())",
        "context = replace(context, at=clock.now(), principal=context.principal._replace("
        "role=_CallerAndTenantNow.read_or_refuse_inactive(context).held_role.role))",
    ),
    "an actor without access is not refused the rest": Bug(
        "power that outlives its loss",
        "tenants.bulk_promotion:_results_after_error",
        "return [Result.of_error(one, error) for one in untried]",
        "return [Result.of_error(untried[0], error)]",
    ),
    "a change that changes nothing needs no right": Bug(
        "forgotten condition",
        "tenants.user_changes:_check_and_write_change",
        "preconditions.require_actor_still_authorized(actor)",
        "pass",
    ),
    "a refusal among many is not written down": Bug(
        "missing audit entry",
        "tenants.bulk_promotion:_change_one_role_and_record_refusal",
        "        refusals.record_refusal(",
        "        (lambda *_arguments, **_named: None)(",
    ),
    "the reason of one among many is lost": Bug(
        "reason lost",
        "tenants.bulk_promotion:_change_one_role_and_record_refusal",
        "reason=requested.reason\n",
        "reason=None\n",
    ),
    "a user is changed twice in one request": Bug(
        "wrong order of changes",
        "tenants.bulk_promotion:_find_user_ids_refusing_duplicates",
        "    if problems:\n",
        "    if False:\n",
    ),
    "the authorizer does not look at the end": Bug(
        "end that is not looked at",
        "auth.authorizer:_to_principal_without_checks",
        "return principal.with_role(HeldRole.from_item(user_item, Role).at(at))",
        "return principal.with_role(HeldRole.from_item(user_item, Role))",
    ),
    "a function does not look at the end that the authorizer told": Bug(
        "end that is not looked at",
        "http.requests:request_context_of",
        "principal.at(at)",
        "principal",
    ),
    "an old answer of the authorizer lets an ended role write": Bug(
        "end that is not looked at",
        "auth.preconditions:_role_in_force",
        "until.not_exists() | until.is_after_now()",
        "until.not_exists() | until.exists()",
    ),
    "a list by role still has whose role has ended": Bug(
        "end that is not looked at",
        "tenants.users:list_users",
        "HeldRole.from_item(item, Role).at(at).role is role",
        "HeldRole.from_item(item, Role).role is role",
    ),
    "a list by role misses whose role has come back": Bug(
        "end that is not looked at",
        "tenants.users:_items_whose_temporary_role_has_ended",
        "if role is None or is_highest(role):",
        "if role is None or role:",
    ),
    "a temporary admin counts as the last one": Bug(
        "stale count",
        "tenants.users:User.counted_role",
        "self.held_role.lasting_role if self.active",
        "self.held_role.role if self.active",
    ),
    "a retry extends an end that has passed": Bug(
        "end that is extended",
        "auth.roles:problem_of_end",
        "_SHORTEST_SECONDS <= until - at.timestamp()",
        "-10**6 <= until - at.timestamp()",
    ),
    "a manager extends a temporary admin": Bug(
        "end that is extended",
        "auth.roles:decide_role_change",
        "for old_role in (target.role,) if new == target else (target.role, target.lasting_role):",
        "for old_role in (target.role,):",
        also=_POWERS_ARE_NOT_COMPARED,
    ),
    "power outlives its source by promotion": Bug(
        "power that outlives its source",
        "auth.roles:may_hand_on",
        "return power.until is not None and actor.until is not None and power.until <= actor.until",
        "return power.until is not None and actor.until is not None",
    ),
    "power outlives its source by creation": Bug(
        "power that outlives its source",
        "tenants.user_creation:create_user",
        "preconditions.require_may_hand_on(context.principal, new.powers_given)",
        "pass",
        also=(
            (
                "tenants.user_creation:_write_user_and_audit_entry",
                "actor_still_authorized(context.principal, gives=gives)",
                "actor_still_authorized(context.principal)",
            ),
        ),
    ),
    "power outlives its source by rotation": Bug(
        "power that outlives its source",
        "tenants.user_tokens:_attempt_rotation",
        """        check_may_hand_on(require_tenant_user(actor), powers_of(old.held_role))
""",
        """        return _replace_token(
            context, item, action="rotate_token", actor_checks=preconditions.actor_still_authorized(actor)
        )
""",
    ),
    "a temporary admin sets the password of an admin": Bug(
        "power that outlives its source",
        "tenants.user_passwords:change_password",
        "check_may_hand_on(require_tenant_user(context.principal), powers_of(user.held_role))",
        "pass",
        also=(
            (
                "tenants.user_passwords:_actor_checks",
                "actor_still_authorized(actor, gives=powers_of(user.held_role))",
                "actor_still_authorized(actor)",
            ),
        ),
    ),
    "power outlives its source because the end was moved meanwhile": Bug(
        "power that outlives its source",
        "auth.preconditions:actor_still_authorized",
        "powers_outlive_nothing = map(_actor_can_hand_on, gives)",
        "powers_outlive_nothing = ()",
    ),
    "an end is not written down by a change": Bug(
        "missing audit entry",
        "tenants.user_changes:_check_and_write_change",
        "    if old.has_unwritten_end:\n",
        "    if False:\n",
    ),
    "the version is the same before and after an end": Bug(
        "wrong number",
        "tenants.users:User.from_item",
        'int(item["version"]) + has_unwritten_end',
        'int(item["version"])',
    ),
    "a former email stays taken": Bug(
        "leaked lookup item",
        "tenants.email_reservations:writes_of_change",
        ", writes.Delete(old_key, when=owned | writes.MUST_NOT_EXIST)]",
        "]",
    ),
    "a new email may be somebody else's": Bug(
        "forgotten condition",
        "tenants.email_reservations:writes_of_change",
        "[new_reservation(new), ",
        "[new_reservation(new)._replace(when=None), ",
    ),
    "a manager changes emails": Bug(
        "wrong transition",
        "tenants.change_rules:decide_change",
        "if actor.role is not Role.ADMIN:",
        "if actor.role is Role.USER:",
    ),
    "a list has the former email": Bug(
        "wrong place",
        "tenants.user_changes:_check_and_write_change",
        "**(new.email_attributes() if new.email != old.email else {}),",
        '"email": new.email,',
    ),
    "who was demoted changes its own email": Bug(
        "power that outlives its loss",
        "tenants.user_changes:_actor_checks",
        "if old.active and old.role == actor.role:",
        "if old.active:",
    ),
    "a former email is not in the trail": Bug(
        "missing audit entry",
        "tenants.user_changes:_fields_that_differ",
        '        **({"email": user.email} if user.email != from_other.email else {}),\n',
        "",
    ),
    "an inactive admin of an identity provider is counted": Bug(
        "stale count",
        "tenants.user_creation:_write_user_and_audit_entry",
        "admin_count_delta(None, user.counted_role)",
        "admin_count_delta(None, user.role)",
    ),
    "a former external id still finds its user": Bug(
        "leaked lookup item",
        "tenants.email_reservations:writes_of_change",
        "    return [writes.Update(old_key",
        "    return [] if not listed else [writes.Update(old_key",
    ),
    "a provider may not repeat its own role": Bug(
        "wrong transition",
        "tenants.change_rules:UserChange.without_present_role_and_state",
        "self._replace(role=None) if self.role is user.role and self.until is None else self",
        "self",
    ),
    "an email stays taken": Bug(
        "leaked lookup item",
        "tenants.user_deletion:_owned_key_releases",
        'for pk in sorted(user["owned_keys"])]',
        'for pk in sorted(user["owned_keys"]) if not pk.startswith("EMAIL#")]',
    ),
    "a scheduled tenant can be written to": Bug(
        "forgotten condition",
        "auth.preconditions:tenant_active",
        'Attr("status").eq(ACTIVE)',
        '(Attr("status").eq(ACTIVE) | Attr("status").eq(SCHEDULED))',
    ),
    "a restored tenant has dead tokens": Bug(
        "token that does not come back",
        "auth.authorizer:_authenticate_api_token_and_report_use",
        'tenant["status"] != preconditions.ACTIVE',
        'tenant["status"] != preconditions.ACTIVE or tenant["version"] > 2',
    ),
    "a tenant is restored after the sweep began": Bug(
        "restored too late",
        "tenants.restoration:_attempt_restoration",
        """    if tenant is not None and tenant["status"] == preconditions.DELETING:
        raise DeletionStarted
    if tenant is None or tenant["status"] != preconditions.SCHEDULED:
""",
        """    if tenant is not None and tenant["status"] == preconditions.DELETING:
        writes.write(writes.Update(keys.tenant(tenant_id), set={"status": "active"}, when=writes.MUST_EXIST))
        return Tenant.from_item(tenant)
    if tenant is None or tenant["status"] != preconditions.SCHEDULED:
""",
    ),
    "a repeated scheduling starts the deletion": Bug(
        "started too early",
        "deletion.requests:_schedule_or_mark_deleting_or_find_job",
        "if grace_days is None:",
        'if grace_days is None or tenant["status"] != preconditions.ACTIVE:',
    ),
    "a deletion that is due is not started": Bug(
        "started too late",
        "deletion.jobs:list_entries_of_due_jobs",
        'last=f"{rfc3339(at)}$"',
        'last=f"{rfc3339(at - timedelta(days=2))}$"',
    ),
    "a scheduled tenant is still listed as active": Bug(
        "stale list",
        "deletion.schedule:schedule_deletion",
        "**indexes.SCHEDULED_TENANTS_BY_NAME.index_attributes(keys.comparable_form_of_name(name)),",
        "",
    ),
    "the name of a deleted tenant stays taken": Bug(
        "leaked lookup item",
        "deletion.requests:_write_tombstone",
        "        writes.Delete(keys.tenant_name_reservation(name)),\n",
        "",
    ),
    "an admin reads users of any tenant": Bug(
        "cross-tenant read",
        "tenants.users:get_user",
        "user = User.from_item(read_item_of_undeleted_user(actor.tenant_id, own_or_managed_user_id), context.at)",
        "user = _get_user_of_any_tenant(own_or_managed_user_id, context.at)",
    ),
    "an admin reads the trail of any tenant": Bug(
        "cross-tenant read",
        "tenants.tenants:resolve_tenant_id",
        """        if requested_tenant_id is not None and named != own:
            raise TenantNotFound
        return own
""",
        "        return named or own\n",
    ),
    "a cursor is good for any tenant": Bug(
        "cross-tenant read",
        "tenants.users:list_users",
        '("list_users", tenant_id, role or ""',
        '("list_users", role or ""',
    ),
    "a token outlives its user": Bug(
        "token that outlives its user",
        "tenants.user_deletion:_owned_key_releases",
        'for pk in sorted(user["owned_keys"])]',
        'for pk in sorted(user["owned_keys"]) if not pk.startswith("TOKEN#")]',
    ),
    "a rotated token still works": Bug(
        "token that outlives its user",
        "tenants.user_tokens:_replace_token",
        "        *map(writes.Delete, old_token_keys),\n",
        "",
    ),
    "a deactivated user still comes in": Bug(
        "token that outlives its user",
        "auth.authorizer:_authenticate_api_token_and_report_use",
        'or user is None or not user["active"]',
        "or user is None",
    ),
    "an access token lives for an hour": Bug(
        "token that outlives its user",
        "auth.jwts:verify",
        'payload["exp"] <= now or',
        'payload["exp"] <= now - 2700 or',
    ),
    "lifting a ban brings the sessions back": Bug(
        "token that outlives its user",
        "accounts.account_changes:_save_account",
        "ends_sessions = old.is_active and not requested.is_active",
        "ends_sessions = False",
    ),
    "a session outlives a change of the password": Bug(
        "session that outlives its end",
        "accounts.account_passwords:_update_that_ends_sessions",
        '"session_generation": old.session_generation + 1,',
        '"session_generation": old.session_generation + password_change_required,',
        also=(
            (
                "accounts.account_passwords:change_account_password",
                "*password_changes.prepare_update_that_keeps_own_session(owner, session_id, generation, context.at),",
                "owner.check_of_session(session_id, generation, context.at),",
            ),
        ),
    ),
    "a session outlives a reset of the password": Bug(
        "session that outlives its end",
        "accounts.account_passwords:_update_that_ends_sessions",
        '"session_generation": old.session_generation + 1,',
        '"session_generation": old.session_generation + (not password_change_required),',
    ),
    "a user's session outlives a change of the password": Bug(
        "session that outlives its end",
        "tenants.user_passwords:_write_new_password_and_end_other_sessions",
        """        session_generation=old.session_generation + 1,
""",
        """        session_generation=old.session_generation + (old.id == context.principal.id),
""",
    ),
    "a deactivated user's session comes back": Bug(
        "session that outlives its end",
        "tenants.user_changes:_check_and_write_change",
        "session_generation=old.session_generation + (old.active and not new.active)",
        "session_generation=old.session_generation",
    ),
    "a session opens a scheduled tenant": Bug(
        "session that outlives its end",
        "auth.session_owners:UserOwner.generation_if_active",
        'tenant["status"] != preconditions.ACTIVE',
        'tenant["status"] == preconditions.DELETING',
    ),
    "an access token of a user says that it is an account's": Bug(
        "wrong audience",
        "auth.session_owners:UserOwner.to_claims",
        "Audience.TENANT",
        "Audience.PLATFORM",
    ),
    "a wrong current password is not counted": Bug(
        "wrong number",
        "auth.logins:check_current_password",
        "raise _count_in_metrics_and_build_error(attempt) or WrongPassword",
        "login_attempts.forget_failures_and_remember_network(attempt, context.at); raise WrongPassword",
    ),
    "a password is changed without the current one": Bug(
        "forgotten condition",
        "auth.logins:check_current_password",
        "if not verify_password(password_hash, password):",
        "if False:",
    ),
    "a user sets a colleague's password": Bug(
        "forgotten condition",
        "tenants.user_passwords:change_password",
        "check_may_manage(Role(context.principal.role), user.role)",
        "pass",
    ),
    "a temporary password is good for everything": Bug(
        "forgotten condition",
        "http.routes:Route._respond",
        "and not self.allowed_before_password_change",
        "and False",
    ),
    "a stolen refresh token ends nothing": Bug(
        "forgotten consequence",
        "auth.sessions:_refresh_once_or_refuse_and_revoke_if_reused",
        "        _revoke_session_of_reused_token(context, token, session, revocation_entry)\n",
        "        pass\n",
    ),
    "a cursor skips one": Bug(
        "cursor that skips",
        "tenants.users:list_users",
        "cursors.encode(users[-1].email.lower(), *scope)",
        'cursors.encode(items[-1]["email"].lower(), *scope)',
    ),
    "the last second is not in the trail": Bug(
        "cursor that skips",
        "audit.trail:_exclusive_upper_bound_of_ids",
        "timedelta(seconds=1)",
        "timedelta(seconds=0)",
    ),
    "a wait does not grow": Bug(
        "wrong number",
        "auth.login_attempts:wait_seconds_after",
        "FIRST_WAIT_SECONDS * 2 ** min(beyond, 10)",
        "FIRST_WAIT_SECONDS",
    ),
    "another body gets the first one's answer": Bug(
        "wrong idempotency",
        "auth.idempotency:IdempotencyClaim.hash_content",
        "json.dumps(content, sort_keys=True)",
        '""',
    ),
    "a key that failed stays claimed": Bug(
        "wrong idempotency",
        "auth.idempotency:_PutAndDeleteOnlyRecordStore._delete_record",
        "writes.write(writes.Delete(self._claim.record_key, when=self._claim.still_held_condition))",
        "pass",
    ),
    "emails differ by their case": Bug(
        "wrong key",
        "storage.keys:email_reservation",
        "address.lower()",
        "address",
    ),
}
