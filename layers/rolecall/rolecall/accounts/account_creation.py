"""Platform accounts, and the operations on them."""

from typing import NamedTuple

from rolecall.accounts import accounts
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.passwords import hash_password
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import PlatformRole
from rolecall.clock import rfc3339
from rolecall.errors import (
    EmailTaken,
)
from rolecall.storage import keys, writes
from rolecall.telemetry import logger


class NewAccount(NamedTuple):
    """What it takes to make an account. The password is in clear here and nowhere else.

    The username is the email if none is given; the birth date is ISO 8601, as in `1990-12-31`.
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


def create_account(context: RequestContext, new: NewAccount, *, only_superadmin: bool = False) -> accounts.Account:
    """Make an account.

    Raises `EmailTaken` if anyone on the platform has that email. With `only_superadmin`, which is for
    the first one, it raises `SuperadminExists` if the platform has an enabled superadmin.
    """
    at = rfc3339(context.at)
    account = accounts.Account(
        id=writes.next_number(keys.platform(), "last_account_id"),
        first_name=new.first_name,
        last_name=new.last_name,
        username=new.username or new.email,
        email=new.email,
        phone_number=new.phone_number,
        nationality=new.nationality,
        birth_date=new.birth_date,
        role=new.role,
        created_at=at,
        updated_at=at,
    )
    reservation, credential = keys.email(new.email), accounts.password_key(account.id)
    writes.transact(
        *accounts.superadmin_count_writes(int(account.counts_as_superadmin), only=only_superadmin),
        # Before the email: who may make no account learns nothing of others'.
        *preconditions.actor_still_authorized(context.principal),
        writes.Put(
            {"pk": reservation.pk, "sk": reservation.sk, "account_id": account.id},
            when=writes.NEW,
            otherwise=lambda _found: EmailTaken(),
        ),
        writes.Put(account.to_item(), when=writes.NEW),
        writes.Put(
            {
                "pk": credential.pk,
                "sk": credential.sk,
                "password_hash": hash_password(new.password),
                "created_at": at,
            }
        ),
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
