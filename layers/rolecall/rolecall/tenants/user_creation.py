"""Creating a tenant user: with API token and password, or without both for an identity provider."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth import preconditions, tokens
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import HeldRole, Power, Role, admin_count_delta
from rolecall.clock import rfc3339
from rolecall.ids import new_id
from rolecall.storage import keys, writes
from rolecall.telemetry import logger
from rolecall.tenants import email_reservations, users
from rolecall.tenants.user_profiles import EMPTY_PROFILE, UserProfile

if TYPE_CHECKING:
    from rolecall.auth.idempotency import IdempotencyClaim


class NewUser(NamedTuple):
    """The facts of a user to be created. This is the only object that holds the password in clear."""

    email: str
    password: str
    role: Role
    webhook_url: str | None = None

    @property
    def powers_given(self) -> tuple[Power, ...]:
        """The powers that the creation gives: the user's role, and with a webhook what an admin hears, for good."""
        return (Power(self.role), Power(Role.ADMIN)) if self.webhook_url else (Power(self.role),)


class CreatedWebhook(NamedTuple):
    """The webhook that was created with a user, with its secret, which is shown only now."""

    id: str
    url: str
    secret: str

    @classmethod
    def derive_secret_again(cls, record: Mapping[str, str]) -> Self:
        """Make the webhook of the id and the url in `record`, with the secret that it had at its creation."""
        # This module is imported only for a request with a webhook, so that other requests start faster.
        from rolecall.webhooks import signing_secrets  # noqa: PLC0415

        secret = signing_secrets.derive_first_secret(record["id"])
        return cls(record["id"], record["url"], secret)

    @property
    def facts_for_audit(self) -> dict[str, Any]:
        """What an audit entry shows: the id, and of the URL the host only, because the rest can contain a secret."""
        return {"id": self.id, "host": urlsplit(self.url).hostname}


class CreatedUser(NamedTuple):
    """A user who was just created, with the API token, which is shown only now."""

    user: users.User
    token: str
    webhook: CreatedWebhook | None

    def to_json(self) -> dict[str, Any]:
        secret = {"webhook_secret": self.webhook.secret} if self.webhook else {}
        note = (
            "Keep the token and the webhook_secret: they are shown this once and cannot be read again."
            if self.webhook
            else "Keep the token: it is shown this once and cannot be read again."
        )
        return {
            "success": True,
            "user": self.user.to_json(self.token),
            "webhook_configured": self.webhook is not None,
            "webhook_url": self.webhook.url if self.webhook else None,
            **secret,
            "note": note,
        }

    @property
    def owner(self) -> dict[str, str]:
        """The ids that name this user as the owner of an item outside of its partition."""
        return {"tenant_id": self.user.tenant_id, "user_id": self.user.id}

    def to_replay_record(self) -> dict[str, Any]:
        """Return what is stored for a replay: everything but the token and the secret, which are derived again."""
        webhook = {"id": self.webhook.id, "url": self.webhook.url} if self.webhook else None
        return {"user": self.user.to_creation_record(), "webhook": webhook}

    @property
    def webhook_for_audit(self) -> dict[str, Any]:
        """The field `webhook` of the audit entry of the creation; nothing without a webhook."""
        return {"webhook": self.webhook.facts_for_audit} if self.webhook else {}

    @classmethod
    def from_replay_record(cls, record: Mapping[str, Any], claim: "IdempotencyClaim") -> Self:
        """Make the created user of its record again, with the same token and the same secret of the webhook."""
        user = users.User.from_item(record["user"], clock.now())
        # The records of earlier versions have no `webhook`.
        webhook = record.get("webhook")
        created_webhook = CreatedWebhook.derive_secret_again(webhook) if webhook else None
        return cls(user, claim.derive_api_token(user.id), created_webhook)


def create_user(context: RequestContext, new: NewUser, *, idempotency_key: str | None = None) -> CreatedUser:
    """Create a user in the caller's tenant; raise `EmailTaken` if anyone has that email, `Forbidden`, `Unauthorized`.

    Compares the caller's role with the new user's only if the caller's role is temporary: raises `Forbidden` if the new
    user's role is above the caller's lasting role, or if the new user has a webhook. Raises `Forbidden` if the caller's
    role has changed since the authorizer read it, `Unauthorized` if the caller or the tenant is no longer active.

    A repeated call with the same `idempotency_key` creates nothing and returns the same user. Raises
    `IdempotencyKeyReused` if the key was used for other facts, `RequestInProgress` while the first request with the key
    runs, `ResultDeleted` if the user is deleted.
    """
    preconditions.require_may_hand_on(context.principal, new.powers_given)
    if idempotency_key is None:
        return _create_user_in_one_transaction(context, new, None)
    # The idempotency module is imported only for a request with an `Idempotency-Key`, because the import of Powertools'
    # idempotency is slow and most requests have no key.
    from rolecall.auth import idempotency  # noqa: PLC0415

    tenant_id = context.principal.tenant_id
    claim = idempotency.build_claim(
        context,
        "create_user",
        idempotency_key,
        lambda digest: keys.idempotency_record_in_tenant(tenant_id, digest),
    )
    return idempotency.run_idempotent(
        claim,
        new._asdict(),
        lambda: _create_user_in_one_transaction(context, new, claim),
        to_record=CreatedUser.to_replay_record,
        from_record=lambda record: CreatedUser.from_replay_record(record, claim),
    )


def _create_user_in_one_transaction(
    context: RequestContext, new: NewUser, claim: "IdempotencyClaim | None"
) -> CreatedUser:
    """Write the user and the audit entry; raise `EmailTaken`, `Forbidden`, `Unauthorized` or `ConcurrentChange`."""
    created, user_writes = prepare_user_writes(context, context.principal.tenant_id, new, claim)
    if claim:
        user_writes.append(claim.completion_write(created.to_replay_record(), created.owner))
    _write_user_and_audit_entry(
        context, created.user, user_writes, gives=new.powers_given, more_for_audit=created.webhook_for_audit
    )
    return created


def create_user_without_credentials(
    context: RequestContext, email: str, role: Role, *, active: bool = True, profile: UserProfile = EMPTY_PROFILE
) -> users.User:
    """Create a user without password and API token and return it; raise `EmailTaken` and others.

    The user belongs to the caller's tenant. The user can't log in before a manager sets a password with
    `user_passwords.change_password`, or makes a token with `user_tokens.rotate_token`. The email must be in the form of
    `email_addresses.parse_address_to_ascii`. Raises `ValidationFailed` for a profile with an invalid field, and the
    errors of `create_user`.
    """
    preconditions.require_may_hand_on(context.principal, [Power(role)])
    at = rfc3339(context.at)
    held = HeldRole.lasting(role)
    user = users.User(new_id(), context.principal.tenant_id, email, held, active, None, at, at, 1)
    user = user._replace(profile=profile.checked())
    _write_user_and_audit_entry(context, user, _writes_of_user_and_reservation(user), gives=[Power(role)])
    return user


def _write_user_and_audit_entry(
    context: RequestContext,
    user: users.User,
    user_writes: list[writes.Write],
    *,
    gives: Iterable[Power],
    more_for_audit: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write a new user in one transaction; raise `EmailTaken`, `Forbidden`, `Unauthorized` or `ConcurrentChange`.

    `more_for_audit` are facts that the audit entry has beside those of the user.
    """
    writes.transact(
        preconditions.tenant_active(user.tenant_id, admin_delta=admin_count_delta(None, user.counted_role)),
        *preconditions.actor_still_authorized(context.principal, gives=gives),
        *user_writes,
        trail.new_entry(
            context,
            "create_user",
            ("user", user.id),
            scope=user.tenant_id,
            after={
                "email": user.email,
                "role": user.role,
                "active": user.active,
                **user.profile.fields_that_are_set(),
                **more_for_audit,
            },
        ),
    )
    logger.info("user created", tenant_id=user.tenant_id, user_id=user.id, role=user.role)


def prepare_user_writes(
    context: RequestContext,
    tenant_id: str,
    new: NewUser,
    claim: "IdempotencyClaim | None" = None,
    *,
    webhook_of_tenant: bool = False,
) -> tuple[CreatedUser, list[writes.Write]]:
    """Return a new user and the writes that create it; their transaction raises `EmailTaken` if anyone has the email.

    Writes nothing and checks nothing itself. The caller adds the tenant's writes to the transaction. With a `claim`,
    the user gets a token that the claim can derive again, and owns the claim's record if the record lies outside the
    tenant's partition. A webhook is the user's own, or with `webhook_of_tenant` one of the tenant, which the caller
    must count in the tenant's item. Raises `ServiceUnavailable` if the secret of webhooks can't be read.
    """
    # The import of `hash_password` is inside the function, so that Lambda functions that set no password do not load
    # Argon2.
    from rolecall.auth.passwords import hash_password  # noqa: PLC0415

    user_id, at = new_id(), rfc3339(context.at)
    token = claim.derive_api_token(user_id) if claim else tokens.new_api_token()
    user = users.User(user_id, tenant_id, new.email, HeldRole.lasting(new.role), True, token[-4:], at, at, 1)
    created_webhook, webhook_writes = _prepare_webhook(
        context, tenant_id, new.webhook_url, None if webhook_of_tenant else user_id
    )
    token_key = keys.api_token(tokens.api_token_hash(token))
    owner = {"tenant_id": tenant_id, "user_id": user.id}
    user_writes: list[writes.Write] = [
        *_writes_of_user_and_reservation(
            user,
            token_key.pk,
            *(claim.record_keys_outside_tenant if claim else ()),
            stored_response=claim.sort_key_in_tenant if claim else None,
            has_webhook=created_webhook is not None and not webhook_of_tenant,
        ),
        writes.put_if_absent(token_key, {**owner, "created_at": at}),
        writes.put_if_absent(
            keys.item_of_user(tenant_id, user.id, "CREDENTIAL", "PASSWORD"),
            {"password_hash": hash_password(new.password), "created_at": at},
        ),
    ]
    return CreatedUser(user, token, created_webhook), [*user_writes, *webhook_writes]


def _writes_of_user_and_reservation(
    user: users.User, *owned_keys: str, stored_response: str | None = None, has_webhook: bool = False
) -> list[writes.Write]:
    """Return the writes of a new user's item and of its email reservation; they raise `EmailTaken`.

    `owned_keys` are the partition keys of the further items outside the tenant's partitions that belong to the user.
    """
    return [
        email_reservations.new_reservation(user),
        writes.put_if_absent(
            keys.user(user.tenant_id, user.id),
            {
                **user.to_new_item(),
                "owned_keys": {keys.email_reservation(user.email).pk, *owned_keys},
                **({"webhook_count": 1} if has_webhook else {}),
                **({"stored_response": stored_response} if stored_response else {}),
            },
        ),
    ]


def _prepare_webhook(
    context: RequestContext, tenant_id: str, url: str | None, user_id: str | None
) -> tuple[CreatedWebhook | None, list[writes.Write]]:
    """Return the new webhook and its write; None and no write without a `url`; raise `ServiceUnavailable`.

    The webhook is the tenant's if `user_id` is None.
    """
    if not url:
        return None, []
    # These modules are imported only for a request with a webhook, so that other requests start faster.
    from rolecall.webhooks import webhook_changes  # noqa: PLC0415

    made, put = webhook_changes.prepare_new_webhook(context, tenant_id, url, user_id)
    return CreatedWebhook(made.webhook.id, url, made.secret), [put]
