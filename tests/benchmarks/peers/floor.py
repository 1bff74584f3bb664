"""The floor: one botocore client and its calls. It checks nothing about the request and logs nothing."""

import json
from typing import Any

import botocore.session

from tests.benchmarks.peers import storage

client = botocore.session.get_session().create_client("dynamodb")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    principal = event["requestContext"]["authorizer"]
    body: dict[str, Any]
    if event["httpMethod"] == "POST":
        user_id, new_role = event["pathParameters"]["id"], json.loads(event["body"])["new_role"]
        old_role = storage.promote(client, principal, user_id, new_role, event["requestContext"])
        body = storage.promoted(user_id, old_role, new_role)
    else:
        limit = int(event["queryStringParameters"]["limit"])
        body = {"success": True, "users": storage.users(client, principal["tenant_id"], limit)}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
