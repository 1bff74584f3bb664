"""Replacing the password of a session owner, together with what that does to the owner's sessions."""

from datetime import datetime

from rolecall.auth.passwords import is_email, verify_password
from rolecall.auth.session_owners import SessionOwner, session_is_valid_in_generation
from rolecall.clock import rfc3339
from rolecall.errors import FieldError, Unauthorized, ValidationFailed
from rolecall.storage import writes
from rolecall.storage.expressions import Attr


def check_new_password(field: str, new_password: str, email: str, present_hash: str | None) -> None:
    """Raise `ValidationFailed` for `field` if the new password is the owner's email or its present password."""
    if is_email(new_password, email):
        raise ValidationFailed(FieldError(field, "must not be the email"))
    if present_hash is not None and verify_password(present_hash, new_password):
        raise ValidationFailed(FieldError(field, "must differ from the present password"))


def password_update(
    owner: SessionOwner, present_hash: str | None, new_hash: str, at: datetime
) -> writes.Put | writes.Update:
    """The write of the new hash. It raises `ConcurrentChange` if the present hash is another one by now.

    `present_hash` is None for an owner without a password.
    """
    if present_hash is None:
        return writes.put_if_absent(owner.password_key, {"password_hash": new_hash, "created_at": rfc3339(at)})
    return writes.Update(
        owner.password_key,
        set={"password_hash": new_hash, "changed_at": rfc3339(at)},
        when=Attr("password_hash").eq(present_hash),
    )


def prepare_update_that_keeps_own_session(
    owner: SessionOwner, session_id: str, old_generation: int, at: datetime
) -> list[writes.Write]:
    """The write that keeps the caller's session, although the owner's generation grows by 1 and ends the others.

    It raises `Unauthorized` if the session has ended since the authorizer accepted it. There is no write for a caller
    who came without a session.
    """
    if not session_id:
        return []
    return [
        writes.Update(
            owner.session_key(session_id),
            set={"generation": old_generation + 1},
            when=session_is_valid_in_generation(old_generation, at),
            on_condition_failure=lambda _found: Unauthorized(),
        )
    ]
