"""Creating a platform account, with its email reservation and its password."""

from typing import TYPE_CHECKING, NamedTuple

from rolecall.accounts import accounts, usernames
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.passwords import hash_password
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import HeldRole, PlatformRole, Power
from rolecall.clock import rfc3339
from rolecall.errors import (
    EmailTaken,
)
from rolecall.storage import keys, writes
from rolecall.telemetry import logger

if TYPE_CHECKING:
    from rolecall.auth.idempotency import IdempotencyClaim


class NewAccount(NamedTuple):
    """The facts of an account to be created. This is the only object that holds the password in clear.

    Without a username, the email is the username. The birth date is ISO 8601, as in `1990-12-31`.
    """

    email: str
    password: str
    first_name: str
    last_name: str
    role: PlatformRole = PlatformRole.CLIENT
    username: str | None = None
    phone_number: str | None = None
    nationality: str | None = None
    birth_date: str | None = None


def create_account(
    context: RequestContext,
    new: NewAccount,
    *,
    only_if_no_active_superadmin: bool = False,
    password_change_required: bool = False,
    idempotency_key: str | None = None,
) -> accounts.Account:
    """Create an account; raise `EmailTaken`, `UsernameTaken`, `SuperadminExists`, `Forbidden` or `Unauthorized`.

    Raises `Forbidden` if the caller's own role is temporary and the new account's role is above the caller's lasting
    role. Raises `EmailTaken` if anyone on the platform has that email, `UsernameTaken` if another account has that
    username.
    With `only_if_no_active_superadmin`, raises `SuperadminExists` if the platform has an active superadmin; the first
    superadmin is created that way. With `password_change_required`, the account can do nothing before it has changed
    its password; a call with an `idempotency_key` can't ask for that. Raises `Forbidden` if the actor's role has
    changed since the authorizer read it, `Unauthorized` if the actor is no longer active.

    A repeated call with the same `idempotency_key` creates nothing and returns the account as it was created. Raises
    `IdempotencyKeyReused` if the key was used for other facts, `RequestInProgress` while the first request with the key
    runs, `ResultDeleted` if the account is deleted.
    """
    preconditions.require_may_hand_on(context.principal, [Power(new.role)])
    if idempotency_key is None:
        return _create_account_in_one_transaction(
            context,
            new,
            None,
            only_if_no_active_superadmin=only_if_no_active_superadmin,
            password_change_required=password_change_required,
        )
    # The idempotency module is imported only for a request with an `Idempotency-Key`, because the import of Powertools'
    # idempotency is slow and most requests have no key.
    from rolecall.auth import idempotency  # noqa: PLC0415

    claim = idempotency.build_claim(context, "create_account", idempotency_key, keys.idempotency_record_outside_tenant)
    return idempotency.run_idempotent(
        claim,
        new._asdict(),
        lambda: _create_account_in_one_transaction(
            context, new, claim, only_if_no_active_superadmin=only_if_no_active_superadmin
        ),
        to_record=accounts.Account.to_creation_record,
        from_record=accounts.Account.from_creation_record,
    )


def _create_account_in_one_transaction(
    context: RequestContext,
    new: NewAccount,
    claim: "IdempotencyClaim | None",
    *,
    only_if_no_active_superadmin: bool,
    password_change_required: bool = False,
) -> accounts.Account:
    """Write the account; raise `SuperadminExists`, `Unauthorized`, `Forbidden`, `EmailTaken` or `UsernameTaken`.

    The account's id is drawn from a counter before the transaction. If the transaction fails, that id is never used.
    """
    at = rfc3339(context.at)
    account = accounts.Account(
        id=writes.increment_counter(keys.platform_counters(), "last_account_id"),
        first_name=new.first_name,
        last_name=new.last_name,
        username=new.username or new.email,
        email=new.email,
        phone_number=new.phone_number,
        nationality=new.nationality,
        birth_date=new.birth_date,
        held_role=HeldRole.lasting(new.role),
        created_at=at,
        updated_at=at,
        password_change_required=password_change_required,
    )
    reservation, credential = keys.email_reservation(new.email), accounts.password_item_key(account.id)
    writes.transact(
        *accounts.superadmin_count_writes(
            int(account.counts_as_superadmin), only_if_zero_before=only_if_no_active_superadmin
        ),
        # The actor's check comes before the email reservation, because a caller who may not create accounts must not
        # learn which emails are taken.
        *preconditions.actor_still_authorized(context.principal, gives=[Power(new.role)]),
        writes.Put(
            {"pk": reservation.pk, "sk": reservation.sk, "account_id": account.id},
            when=writes.MUST_NOT_EXIST,
            on_condition_failure=lambda _found: EmailTaken(),
        ),
        *usernames.prepare_reservation(account.username, account.email, account.id),
        writes.Put(
            account.to_item() | ({"stored_response": claim.record_key.pk} if claim else {}), when=writes.MUST_NOT_EXIST
        ),
        writes.Put(
            {
                "pk": credential.pk,
                "sk": credential.sk,
                "password_hash": hash_password(new.password),
                "created_at": at,
            }
        ),
        *([claim.completion_write(account.to_creation_record(), {"account_id": account.id})] if claim else []),
        trail.new_entry(
            context,
            "create_account",
            ("account", str(account.id)),
            scope=keys.PLATFORM,
            after={"email": new.email, "role": new.role},
        ),
    )
    logger.info("account created", account_id=account.id, role=new.role)
    return account
