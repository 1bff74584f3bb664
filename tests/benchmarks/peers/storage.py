"""Promote and list as plain calls of a DynamoDB client, for the floor and for the peers.

The requests are the same as Rolecall's, byte for byte. The code has no retries, and a failed condition becomes no error
of its own. A real program would need more code than this, so the comparison favours the peers.
"""

import hashlib
import os
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

TABLE = os.environ.get("TABLE_NAME", "bench")
ROLES = ("user", "manager", "admin")
TRANSITIONS = {
    "admin": {(old, new) for old in ("admin", "manager", "user") for new in ("admin", "manager", "user")},
    "manager": {("user", "manager"), ("manager", "user")},
}


class Refused(Exception):
    """The token is not valid, the actor may not make this change, or the target does not exist."""


def authenticate(client: Any, token: str) -> dict[str, str]:
    """Returns the principal to whom an API token belongs, if the user and the tenant are active."""
    key = {"pk": {"S": f"TOKEN#{hashlib.sha256(token.encode()).hexdigest()}"}, "sk": {"S": "META"}}
    found = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")
    if found is None:
        raise Refused
    tenant, user_id = f"TENANT#{found['tenant_id']['S']}", found["user_id"]["S"]
    keys = [{"pk": {"S": tenant}, "sk": {"S": sk}} for sk in ("META", f"USER#{user_id}")]
    answer = client.batch_get_item(RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True}})
    items = {item["sk"]["S"]: item for item in answer["Responses"][TABLE]}
    user = items.get(f"USER#{user_id}")
    if items.get("META", {}).get("status") != {"S": "active"} or user is None or not user["active"]["BOOL"]:
        raise Refused
    return {name: user[name]["S"] for name in ("id", "email", "role", "tenant_id")}


def promote(client: Any, principal: dict[str, str], user_id: str, new_role: str, request: dict[str, Any]) -> str:
    """Changes the role of another user and returns the old role."""
    tenant = f"TENANT#{principal['tenant_id']}"
    key = {"pk": {"S": tenant}, "sk": {"S": f"USER#{user_id}"}}
    answer = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)
    if "Item" not in answer or user_id == principal["id"]:
        raise Refused
    old = answer["Item"]
    old_role: str = old["role"]["S"]
    if (old_role, new_role) not in TRANSITIONS.get(principal["role"], set()):
        raise Refused
    if old_role != new_role:
        writes = _writes(principal, user_id, new_role, request, old)
        client.transact_write_items(
            TransactItems=[
                {kind: {"TableName": TABLE, "ReturnValuesOnConditionCheckFailure": "ALL_OLD", **parameters}}
                for kind, parameters in writes
            ],
            ClientRequestToken=str(uuid4()),
        )
    return old_role


def _writes(
    principal: dict[str, str], user_id: str, new_role: str, request: dict[str, Any], old: dict[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    tenant, scope = f"TENANT#{principal['tenant_id']}", f"AUDIT#{principal['tenant_id']}"
    old_role, at, entry_id = old["role"]["S"], datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), str(uuid4())
    entry = {
        "pk": scope,
        "sk": entry_id,
        "gsi1pk": f"{scope}#user#{user_id}",
        "gsi1sk": entry_id,
        "id": entry_id,
        "action": "promote_user",
        "outcome": "succeeded",
        "request_id": request["requestId"],
        "ip": request["identity"]["sourceIp"],
        "timestamp": at,
    }
    actor = {"type": "user", "id": principal["id"], "email": principal["email"], "role": principal["role"]}
    return [
        (
            "ConditionCheck",
            {
                "Key": {"pk": {"S": tenant}, "sk": {"S": "META"}},
                "ConditionExpression": "#n0 = :v0",
                "ExpressionAttributeNames": {"#n0": "status"},
                "ExpressionAttributeValues": {":v0": {"S": "active"}},
            },
        ),
        (
            "Update",
            {
                "Key": {"pk": {"S": tenant}, "sk": {"S": f"USER#{user_id}"}},
                "ConditionExpression": "(((#n0 = :v0 AND #n1 = :v1) AND #n2 = :v2) AND attribute_not_exists(#n3))",
                "UpdateExpression": (
                    "SET #n4 = :v3, #n5 = :v4, #n6 = :v5, #n7 = :v6, #n8 = :v7, #n9 = :v8, #n10 = :v9, #n11 = :v10 "
                    "ADD #n12 :v11"
                ),
                "ExpressionAttributeNames": {
                    "#n0": "version",
                    "#n1": "role",
                    "#n2": "active",
                    "#n3": "role_until",
                    "#n4": "role",
                    "#n5": "active",
                    "#n6": "gsi2pk",
                    "#n7": "gsi2sk",
                    "#n8": "session_generation",
                    "#n9": "updated_at",
                    "#n10": "change_reason",
                    "#n11": "changed_by",
                    "#n12": "version",
                },
                "ExpressionAttributeValues": {
                    ":v0": old["version"],
                    ":v1": old["role"],
                    ":v2": old["active"],
                    ":v3": {"S": new_role},
                    ":v4": old["active"],
                    ":v5": {"S": f"{tenant}#USERS#{new_role}#active"},
                    ":v6": old["email"],
                    ":v7": old.get("session_generation", {"N": "1"}),
                    ":v8": {"S": at},
                    ":v9": {"NULL": True},
                    ":v10": {"M": {"type": {"S": "user"}, "id": {"S": principal["id"]}}},
                    ":v11": {"N": "1"},
                },
            },
        ),
        (
            "ConditionCheck",
            {
                "Key": {"pk": {"S": tenant}, "sk": {"S": f"USER#{principal['id']}"}},
                **_actor_condition(principal["role"], old_role, new_role),
            },
        ),
        (
            "Put",
            {
                "ConditionExpression": "attribute_not_exists(#n0)",
                "ExpressionAttributeNames": {"#n0": "pk"},
                "Item": {
                    **{name: {"S": text} for name, text in entry.items()},
                    "actor": {"M": {name: {"S": text} for name, text in actor.items()}},
                    "target": {"M": {"type": {"S": "user"}, "id": {"S": user_id}}},
                    "before": {"M": {"role": {"S": old_role}}},
                    "after": {"M": {"role": {"S": new_role}}},
                    "reason": {"NULL": True},
                    "expires_at": {"N": str(int(time.time()) + 730 * 86400)},
                },
            },
        ),
    ]


def _actor_condition(role: str, old_role: str, new_role: str) -> dict[str, Any]:
    """The actor is active, its role has not ended, and a higher role that it gives does not outlive its own."""
    now = {"N": str(int(time.time()))}
    condition = "((#n1 = :v1 AND (attribute_not_exists(#n2) OR #n3 > :v2)) OR (#n4 = :v3 AND #n5 <= :v4))"
    names = ["active", "role", "role_until", "role_until", "lasting_role", "role_until"]
    values: list[dict[str, Any]] = [{"BOOL": True}, {"S": role}, now, {"S": role}, now]
    if ROLES.index(new_role) > ROLES.index(old_role):
        enough, alternatives = ROLES[ROLES.index(new_role) :], []
        names.append("role_until")
        for name in ("role", "lasting_role"):
            first = len(names), len(values)
            names += [name for _ in enough]
            values += [{"S": one} for one in enough]
            alternatives.append(" OR ".join(f"#n{first[0] + n} = :v{first[1] + n}" for n in range(len(enough))))
        condition += f" AND ((attribute_not_exists(#n6) AND ({alternatives[0]})) OR ({alternatives[1]}))"
    return {
        "ConditionExpression": f"(#n0 = :v0 AND {condition})",
        "ExpressionAttributeNames": {f"#n{number}": name for number, name in enumerate(names)},
        "ExpressionAttributeValues": {f":v{number}": value for number, value in enumerate(values)},
    }


def users(client: Any, tenant_id: str, limit: int) -> list[dict[str, Any]]:
    """The users of a tenant by email, as the contract shows them."""
    answer = client.query(
        TableName=TABLE,
        IndexName="gsi1",
        ScanIndexForward=True,
        Limit=limit + 1,
        KeyConditionExpression="#n0 = :v0",
        ExpressionAttributeNames={"#n0": "gsi1pk"},
        ExpressionAttributeValues={":v0": {"S": f"TENANT#{tenant_id}#USERS"}},
    )
    return [
        {
            **{name: item[name]["S"] for name in ("id", "tenant_id", "email", "role")},
            "active": item["active"]["BOOL"],
            **{name: item[name]["S"] for name in ("created_at", "updated_at")},
            "token": f"********-****-****-****-********{item['token_last4']['S']}",
        }
        for item in answer["Items"][:limit]
    ]


def promoted(user_id: str, old_role: str, new_role: str) -> dict[str, Any]:
    """The answer to a promotion."""
    data = {"user_id": user_id, "old_role": old_role, "new_role": new_role}
    return {"success": True, "message": "User role updated successfully", "data": data}
