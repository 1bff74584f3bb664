"""The audit entry of a session that ends because one of its spent refresh tokens was used again."""

from rolecall.audit import trail
from rolecall.auth.principals import RequestContext
from rolecall.auth.session_owners import SessionOwner
from rolecall.storage import writes


def revocation_entry(context: RequestContext, owner: SessionOwner, session_id: str) -> writes.Put:
    """The write of the audit entry, for the transaction that ends the session. Nothing is written here."""
    return trail.new_entry(
        context,
        "revoke_session",
        owner.audit_target,
        scope=owner.audit_scope,
        before={"session_id": session_id},
        reason="a spent refresh token was used again",
    )
