"""Users of a tenant, and the operations on them."""

from typing import TYPE_CHECKING

from rolecall.auth import preconditions
from rolecall.errors import RolecallError, UserNotFound
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr

if TYPE_CHECKING:
    pass


def put_user_item(tenant_id: str, user_id: str, item_type: str, item_id: str, attributes: dynamodb.Item) -> None:
    """Write something that belongs to a user, such as a device, into the user's partition.

    What is written here goes with the user and with the tenant. Raises `Unauthorized` for a tenant
    that is not active, `UserNotFound` for a user that is not there, being deleted or not active.
    """

    def otherwise(_found: dynamodb.Item | None) -> RolecallError:
        return UserNotFound()

    key = keys.of_user(tenant_id, user_id, item_type, item_id)
    writes.transact(
        preconditions.tenant_active(tenant_id),
        # Whoever is being deleted is not active.
        writes.Check(keys.user(tenant_id, user_id), when=Attr("active").eq(True), otherwise=otherwise),
        writes.Put({"pk": key.pk, "sk": key.sk, **attributes}),
    )
