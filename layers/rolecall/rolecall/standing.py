"""What must still be true at the moment of a write: the tenant lives, and the actor still is what it was.

Every write into a tenant carries `tenant_active` in its transaction, every change on someone's behalf `of`.
"""

from datetime import datetime

from rolecall import keys, store
from rolecall.attributes import Attr, Condition
from rolecall.calls import Principal, PrincipalType
from rolecall.clock import epoch
from rolecall.errors import Forbidden, LastAdmin, RolecallError, Unauthorized

ACTIVE = "active"
DELETING = "deleting"


def tenant_active(tenant_id: str, *, admins: int = 0) -> store.Write:
    """The tenant is active; its count of active admins changes by `admins` (1, 0 or -1).

    The transaction fails with `Unauthorized` for a tenant that is being or has been deleted, as none of
    its tokens is valid then, and with `LastAdmin` if no active admin would be left.
    """
    key = keys.tenant(tenant_id)
    active: Condition = Attr("status").eq(ACTIVE)

    def otherwise(found: store.Item | None) -> RolecallError:
        return LastAdmin() if found and found["status"] == ACTIVE else Unauthorized()

    if admins == 0:
        return store.Check(key, when=active, otherwise=otherwise)
    if admins < 0:
        active = active & Attr("active_admins").gt(-admins)
    # The number of changes tells the check of the invariants that the count was not only the same, but untouched.
    return store.Update(key, add={"active_admins": admins, "admin_changes": 1}, when=active, otherwise=otherwise)


def session_alive(account: store.Item | None, session: store.Item | None, at: datetime) -> bool:
    """Whether a session of an account still stands, judged to the second.

    A ban or a disabling raises the account's `session_generation`, which ends all of its sessions for
    good: lifting it brings none back.
    """
    return (
        account is not None
        and session is not None
        and account["enabled"]
        and not account["banned"]
        and session["generation"] == account["session_generation"]
        and session["expires_at"] > epoch(at)
    )


def of(principal: Principal) -> list[store.Write]:
    """The actor has the role that the authorizer saw, and is active; nothing to check for an operator.

    The transaction fails with `Forbidden` for another role, with `Unauthorized` for an actor that is
    inactive or gone.
    """
    match principal.type:
        case PrincipalType.USER:
            key = keys.user(principal.tenant_id, principal.id)
            may_act: Condition = Attr("active").eq(True)
        case PrincipalType.ACCOUNT:
            key = keys.account(int(principal.id))
            may_act = Attr("enabled").eq(True) & Attr("banned").eq(False)
        case _:
            return []

    def otherwise(found: store.Item | None) -> RolecallError:
        return Forbidden() if found and found["role"] != principal.role else Unauthorized()

    return [store.Check(key, when=may_act & Attr("role").eq(principal.role), otherwise=otherwise)]
