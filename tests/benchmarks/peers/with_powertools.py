"""Powertools' resolver with validation, its Logger and Metrics and a boto3 client, all routes in one function."""

from typing import Annotated, Any, Literal

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import UnauthorizedError
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, ConfigDict

from tests.benchmarks.peers import storage

logger = Logger(service="peer")
metrics = Metrics(namespace="Peer", service="peer")
client = boto3.client("dynamodb")
app = APIGatewayRestResolver(enable_validation=True)


class Promotion(BaseModel):
    model_config = ConfigDict(extra="forbid")
    new_role: Literal["admin", "manager", "user"]


class User(BaseModel):
    id: str
    tenant_id: str
    email: str
    role: Literal["admin", "manager", "user"]
    active: bool
    created_at: str
    updated_at: str
    token: str


class Users(BaseModel):
    success: bool
    users: list[User]


@app.post("/users/<user_id>/promote")
def promote(user_id: str, body: Promotion) -> dict[str, Any]:
    context = app.current_event["requestContext"]
    try:
        old_role = storage.promote(client, context["authorizer"], user_id, body.new_role, context)
    except storage.Refused:
        raise UnauthorizedError("refused") from None
    logger.info("user promoted", user_id=user_id)
    metrics.add_metric("RoleChanged", MetricUnit.Count, 1)
    return storage.promoted(user_id, old_role, body.new_role)


@app.get("/users")
def users(limit: Annotated[int, Query(ge=1, le=1000)] = 1000) -> Users:
    caller = app.current_event["requestContext"]["authorizer"]
    if caller["role"] != "admin":
        raise UnauthorizedError("admins only")
    found: list[Any] = storage.users(client, caller["tenant_id"], limit)
    return Users(success=True, users=found)


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
