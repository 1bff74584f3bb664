"""Passwords of platform accounts: changing one's own, and the reset of another one by a superadmin."""

from rolecall import clock
from rolecall.accounts import accounts, role_ends
from rolecall.accounts.account_changes import Versions
from rolecall.audit import trail
from rolecall.auth import logins, password_changes, preconditions
from rolecall.auth.passwords import generate_password, hash_password
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import check_may_hand_on, powers_of
from rolecall.auth.session_owners import AccountOwner
from rolecall.clock import rfc3339
from rolecall.errors import AccountNotFound, PreconditionFailed, SelfChangeDenied, Unauthorized
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.telemetry import count_metric, logger

#: A password that the account must change before it can do anything else.
type TemporaryPassword = str


def change_account_password(context: RequestContext, current_password: str, new_password: str) -> None:
    """Replace the caller's own password, end its other sessions; raise `WrongPassword`, `RateLimited` and others.

    Raises, in this order: `WrongPassword` or `RateLimited`, `ValidationFailed` for the present password and for the
    email, `ConcurrentChange`. Raises `Unauthorized` if the account is no longer active, or if the caller's session has
    ended.
    """
    owner = AccountOwner(int(context.principal.id))
    new_hashes: dict[str, str] = {}  # for each present hash with which both passwords were checked, the new hash

    def attempt() -> None:
        item, present_hash = _read_account_and_password_hash(owner)
        account = accounts.Account.from_item(item, clock.now()) if item else None
        if item is None or account is None or not account.is_active:
            raise Unauthorized
        if present_hash not in new_hashes:
            logins.check_current_password(context, account.email, present_hash, current_password)
            password_changes.check_new_password("newPassword", new_password, account.email, present_hash)
            new_hashes[present_hash] = hash_password(new_password)
        session_id, generation = context.principal.session_id, account.session_generation
        change_context = context
        if account.has_unwritten_end:
            own_session = owner.check_of_session(session_id, generation, context.at)
            change_context = role_ends.write_end_before_other_change(context, item, [own_session])
        writes.transact(
            _update_that_ends_sessions(change_context, account, password_change_required=False),
            password_changes.password_update(owner, present_hash, new_hashes[present_hash], context.at),
            *password_changes.prepare_update_that_keeps_own_session(owner, session_id, generation, context.at),
            trail.new_entry(change_context, "change_account_password", owner.audit_target, scope=owner.audit_scope),
        )

    retries.retry_on_conflict(attempt)
    logger.info("password changed", account_id=owner.account_id)
    count_metric("PasswordChanged")


def reset_account_password(context: RequestContext, account_id: int, *, if_match: Versions = None) -> TemporaryPassword:
    """Replace another account's password, end its sessions; raise `AccountNotFound`, `SelfChangeDenied` and others.

    Returns the new temporary password. Until the account has changed it, it can do nothing else. Raises, in this order:
    `AccountNotFound`, `PreconditionFailed`, `SelfChangeDenied`, `Forbidden` for a caller whose temporary role ends
    before a higher role of the account, `ConcurrentChange`. Raises `Forbidden` if the actor's role has changed since
    the authorizer read it, `Unauthorized` if the actor is no longer active.
    """
    owner, temporary_password = AccountOwner(account_id), generate_password()

    def attempt() -> None:
        item, present_hash = _read_account_and_password_hash(owner)
        if item is None:
            raise AccountNotFound
        account = accounts.Account.from_item(item, clock.now())
        if if_match is not None and account.version not in if_match:
            raise PreconditionFailed
        if str(account.id) == context.principal.id:
            raise SelfChangeDenied("change your own password with PUT /v1/api/auth/password")
        # The caller learns the temporary password, and so can log in as the account. So the caller must be allowed to
        # give somebody all roles of the account.
        powers, actor = powers_of(account.held_role), context.principal.held_platform_role
        if actor is not None:
            check_may_hand_on(actor, powers)
        actor_checks = preconditions.actor_still_authorized(context.principal, gives=powers)
        change_context = context
        if account.has_unwritten_end:
            change_context = role_ends.write_end_before_other_change(context, item, actor_checks)
        writes.transact(
            _update_that_ends_sessions(change_context, account, password_change_required=True),
            password_changes.password_update(owner, present_hash, hash_password(temporary_password), context.at),
            *actor_checks,
            trail.new_entry(change_context, "reset_account_password", owner.audit_target, scope=owner.audit_scope),
        )

    retries.retry_on_conflict(attempt)
    logger.info("password reset", account_id=account_id)
    count_metric("PasswordReset")
    return temporary_password


def _read_account_and_password_hash(owner: AccountOwner) -> tuple[dynamodb.Item | None, str]:
    """Return the account's item and its password hash; None and an empty text if one of them does not exist."""
    account, credential = reads.get_many(keys.account(owner.account_id), owner.password_key)
    return (account, credential["password_hash"]) if account and credential else (None, "")


def _update_that_ends_sessions(
    context: RequestContext, old: accounts.Account, *, password_change_required: bool
) -> writes.Update:
    """Return the write that ends the sessions of the account as it was read."""
    return writes.Update(
        keys.account(old.id),
        set={
            "session_generation": old.session_generation + 1,
            "password_change_required": password_change_required,
            "updated_at": rfc3339(context.at),
        },
        add={"version": 1},
        when=old.unchanged_condition,
        send_before=old.held_role.until,
    )
