"""FastAPI behind Mangum with a boto3 client, all routes in one function: bodies, parameters and answers by pydantic."""

import logging
from typing import Annotated, Any, Literal

import boto3
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from mangum import Mangum
from pydantic import BaseModel, ConfigDict

from tests.benchmarks.peers import storage

logger = logging.getLogger("peer")
client = boto3.client("dynamodb")
app = FastAPI()
type Role = Literal["admin", "manager", "user"]


class Promotion(BaseModel):
    model_config = ConfigDict(extra="forbid")
    new_role: Role


class Change(BaseModel):
    user_id: str
    old_role: Role
    new_role: Role


class Promoted(BaseModel):
    success: bool
    message: str
    data: Change


class User(BaseModel):
    id: str
    tenant_id: str
    email: str
    role: Role
    active: bool
    created_at: str
    updated_at: str
    token: str


class Users(BaseModel):
    success: bool
    users: list[User]


def principal(request: Request) -> dict[str, str]:
    found: dict[str, str] = request.scope["aws.event"]["requestContext"]["authorizer"]
    return found


type Caller = Annotated[dict[str, str], Depends(principal)]


@app.post("/users/{user_id}/promote")
def promote(user_id: str, body: Promotion, request: Request, caller: Caller) -> Promoted:
    context = request.scope["aws.event"]["requestContext"]
    try:
        old_role = storage.promote(client, caller, user_id, body.new_role, context)
    except storage.Refused:
        raise HTTPException(403) from None
    logger.info("user promoted", extra={"user_id": user_id})
    return Promoted.model_validate(storage.promoted(user_id, old_role, body.new_role))


@app.get("/users")
def users(caller: Caller, limit: Annotated[int, Query(ge=1, le=1000)] = 1000) -> Users:
    if caller["role"] != "admin":
        raise HTTPException(403)
    found: list[Any] = storage.users(client, caller["tenant_id"], limit)
    return Users(success=True, users=found)


handler = Mangum(app, lifespan="off")
