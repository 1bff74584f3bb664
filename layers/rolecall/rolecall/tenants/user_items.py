"""Items that belong to a tenant user, such as a device: writing one into the user's partition."""

from rolecall.auth import preconditions
from rolecall.errors import RolecallError, UserNotFound
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr


def put_item_of_active_user(
    tenant_id: str, user_id: str, item_type: str, item_id: str, attributes: dynamodb.Item
) -> None:
    """Write or replace an item, or raise `Unauthorized` for a tenant, `UserNotFound` for a user who is not active.

    A user who does not exist or is being deleted is not active. The item is deleted with the user and with the tenant.
    """

    def user_not_found(_found: dynamodb.Item | None) -> RolecallError:
        return UserNotFound()

    key = keys.item_of_user(tenant_id, user_id, item_type, item_id)
    writes.transact(
        preconditions.tenant_active(tenant_id),
        # A user who is being deleted is inactive already. So the condition refuses such a user too.
        writes.Check(keys.user(tenant_id, user_id), when=Attr("active").eq(True), on_condition_failure=user_not_found),
        writes.Put({"pk": key.pk, "sk": key.sk, **attributes}),
    )
