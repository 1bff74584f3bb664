"""Items that belong to a tenant user, such as a device: writing one into the user's partition."""

from rolecall.auth import preconditions
from rolecall.errors import RolecallError, UserNotFound
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr


def put_item_of_active_user(
    tenant_id: str, user_id: str, item_type: str, item_id: str, attributes: dynamodb.Item
) -> None:
    """Write an item into a user's partition, or replace it; it is deleted with the user and with the tenant.

    Raises `Unauthorized` for a tenant that is not active, and `UserNotFound` for a user who does not exist,
    is inactive or is being deleted.
    """

    def user_not_found(_found: dynamodb.Item | None) -> RolecallError:
        return UserNotFound()

    key = keys.item_of_user(tenant_id, user_id, item_type, item_id)
    writes.transact(
        preconditions.tenant_active(tenant_id),
        # The condition also refuses a user who is being deleted, because such a user is inactive already.
        writes.Check(keys.user(tenant_id, user_id), when=Attr("active").eq(True), on_condition_failure=user_not_found),
        writes.Put({"pk": key.pk, "sk": key.sk, **attributes}),
    )
