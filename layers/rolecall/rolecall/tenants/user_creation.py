"""Users of a tenant, and the operations on them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from rolecall.audit import trail
from rolecall.auth import preconditions, tokens
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role, admin_count_delta
from rolecall.clock import rfc3339
from rolecall.errors import EmailTaken
from rolecall.ids import new_id
from rolecall.storage import keys, writes
from rolecall.telemetry import logger
from rolecall.tenants import users

if TYPE_CHECKING:
    from rolecall.tenants.idempotency import Claim


class NewUser(NamedTuple):
    """What it takes to make a user. The password is in clear here and nowhere else."""

    email: str
    password: str
    role: Role
    webhook_url: str | None = None


class Created(NamedTuple):
    """A user that was just made, with the token that is shown this once."""

    user: users.User
    token: str
    webhook_url: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "success": True,
            "user": self.user.to_json(self.token),
            "webhook_configured": self.webhook_url is not None,
            "webhook_url": self.webhook_url,
            "note": "Keep the token: it is shown this once and cannot be read again.",
        }

    def to_record(self) -> dict[str, Any]:
        """What is kept for a replay: all but the token, which its claim derives again."""
        return {"user": self.user._asdict(), "webhook_url": self.webhook_url}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], claim: "Claim") -> Self:
        user = users.User.from_item(record["user"])
        return cls(user, claim.api_token(user.id), record["webhook_url"])


def create_user(context: RequestContext, new: NewUser, *, idempotency_key: str | None = None) -> Created:
    """Make a user in the caller's tenant; the same answer again for the same `idempotency_key` and user.

    Raises `EmailTaken` if anyone on the platform has that email, `IdempotencyKeyReused` for the key of
    another user, `RequestInProgress` while the first request with the key runs.
    """
    if idempotency_key is None:
        return _create_user(context, new, None)
    # Powertools' idempotency is heavy, and most requests come without a key.
    from rolecall.tenants import idempotency  # noqa: PLC0415

    tenant_id = context.principal.tenant_id
    claim = idempotency.claim(
        context, "create_user", idempotency_key, lambda digest: keys.creation_record(tenant_id, digest)
    )
    return idempotency.run_idempotent(
        claim,
        new._asdict(),
        lambda: _create_user(context, new, claim),
        to_record=Created.to_record,
        from_record=lambda record: Created.from_record(record, claim),
    )


def _create_user(context: RequestContext, new: NewUser, claim: "Claim | None") -> Created:
    tenant_id = context.principal.tenant_id
    created, user_writes = new_user(context, tenant_id, new, claim)
    writes.transact(
        preconditions.tenant_active(tenant_id, admins=admin_count_delta(None, new.role)),
        *preconditions.actor_still_authorized(context.principal),
        *user_writes,
        *([claim.completed(created.to_record(), tenant_id)] if claim else []),
        trail.new_entry(
            context,
            "create_user",
            ("user", created.user.id),
            scope=tenant_id,
            after={"email": new.email, "role": new.role, "active": True},
        ),
    )
    logger.info("user created", tenant_id=tenant_id, user_id=created.user.id, role=new.role)
    return created


def new_user(
    context: RequestContext, tenant_id: str, new: NewUser, claim: "Claim | None" = None
) -> tuple[Created, list[writes.Write]]:
    """A new user and the writes that make it; they belong into one transaction with its tenant's.

    The user of a `claim` gets a token that the claim can derive again, and owns the claim's record if
    that lies outside the tenant.
    """
    # Argon2 is needed only where a password is set.
    from rolecall.auth.passwords import hash_password  # noqa: PLC0415

    user_id, at, address = new_id(), rfc3339(context.at), new.email.lower()
    token = claim.api_token(user_id) if claim else tokens.new_api_token()
    user = users.User(user_id, tenant_id, new.email, new.role, True, token[-4:], at, at, 1)
    token_key = keys.api_token(tokens.api_token_hash(token))
    email_key = keys.email(new.email)
    owner = {"tenant_id": tenant_id, "user_id": user.id}
    user_writes: list[writes.Write] = [
        writes.put_new(
            email_key,
            {**owner, **keys.tenant_of_user(user.id).entry(tenant_id)},
            otherwise=lambda _found: EmailTaken(),
        ),
        writes.put_new(
            keys.user(tenant_id, user.id),
            {
                **keys.users_by_email(tenant_id).entry(address),
                **keys.users_by_role(tenant_id, user.role, user.active).entry(address),
                **user._asdict(),
                "owned_keys": {token_key.pk, email_key.pk, *(claim.keys_outside_tenant if claim else ())},
            },
        ),
        writes.put_new(token_key, {**owner, "created_at": at}),
        writes.put_new(
            keys.of_user(tenant_id, user.id, "CREDENTIAL", "PASSWORD"),
            {"password_hash": hash_password(new.password), "created_at": at},
        ),
    ]
    if new.webhook_url:
        user_writes.append(
            writes.put_new(
                keys.of_user(tenant_id, user.id, "WEBHOOK", new_id()), {"url": new.webhook_url, "created_at": at}
            )
        )
    return Created(user, token, new.webhook_url), user_writes
