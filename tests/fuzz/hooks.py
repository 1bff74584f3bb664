"""What Schemathesis is told of Rolecall beyond the API's document. It loads this as SCHEMATHESIS_HOOKS.

The file that FUZZ_CALLERS names has those who take turns in asking. What was answered, by operation and status, is
written to the one that FUZZ_ANSWERS names.
"""

import atexit
import json
import os
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import AuthContext, Case, GenerationMode, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse

from tests.fuzz.callers import Caller

CALLERS = [Caller(**each) for each in json.loads(Path(os.environ["FUZZ_CALLERS"]).read_text())]
ANSWERS: dict[str, Counter[int]] = defaultdict(Counter)

_VISIBLE = st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x2FF)
_LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
# Which of the addresses that the RFC allows are anyone's is for email-validator to know.
schemathesis.openapi.format("email", st.builds("{}.{}@{}.example.com".format, _LABELS, _LABELS, _LABELS))
schemathesis.openapi.format("password", st.text(_VISIBLE, min_size=8, max_size=128).map(lambda text: f"{text[:-2]}✓~"))

#: Requests that fit the document and are refused with 400 all the same, for what no schema says.
_WELL_FORMED_BUT_WRONG = {
    # A cursor is authenticated: only one that a list gave out is good.
    ("cursor", "must be a next_cursor of this list, with the same filters"),
    # Thousands are known.
    ("password", "is among the most common passwords: choose another"),
    # By the master token alone: an admin's tenant is the one of its credential.
    ("tenant_id", "is required and must be a UUID"),
    # A prefix of addresses is an open set of texts.
    ("email", "must be the beginning of an email address"),
    ("email", "must have no space: an email has none, and + is written as %2B in a query"),
    ("birthDate", "must be from 1900-01-01 to today"),
}

#: What the messages of `text_rules` begin with: Unicode's properties are more than a pattern can say.
_ABOUT_CHARACTERS = ("must not be blank", "must have no characters", "must not have the character", "must have at most")


@schemathesis.auth(refresh_interval=None)
class Turn:
    """The callers take turns, each with the credential that it holds by now; who may ask does so more often."""

    def __init__(self) -> None:
        self._dice = Random(0)

    def get(self, case: Case[Any], context: AuthContext) -> Caller:
        schemes = {name for one in context.operation.definition.raw.get("security", []) for name in one}
        fitting = [caller for caller in CALLERS if caller.scheme in schemes]
        return self._dice.choice(fitting if fitting and self._dice.random() < 0.7 else CALLERS)

    def set(self, case: Case[Any], caller: Caller, context: AuthContext) -> None:
        if caller.credential:
            case.headers["Authorization"] = f"Bearer {caller.credential}"
        # Else hardly anything but 404 and 401 would be seen.
        ids, body = caller.ids_for(case.path), caller.session_body(case.path)
        if ids and self._dice.random() < 0.75 and not _is_negative(case, ParameterLocation.PATH):
            case.path_parameters["id"] = self._dice.choice(ids)
        if body and self._dice.random() < 0.5 and not _is_negative(case, ParameterLocation.BODY):
            case.body = {**body}


def _is_negative(case: Case[Any], location: ParameterLocation) -> bool:
    part = case.meta.components.get(location) if case.meta else None
    return part is not None and part.mode is GenerationMode.NEGATIVE


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    operation = case.operation.label
    ANSWERS[operation][response.status_code] += 1
    credential = response.request.headers.get("Authorization")
    for caller in CALLERS:
        if credential == f"Bearer {caller.credential}":
            caller.heard(operation, response.status_code, response.content)


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Whether it is one: not what is right, and no schema can say."""
    if isinstance(failure, UnsupportedMethodResponse):
        # API Gateway knows methods on paths, and no paths alone: the contract's answer is 404, not 405.
        return response.status_code != 404
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        told = json.loads(response.content)
        fields = told.get("validation") or told.get("fieldErrors") or [{"field": "", "message": ""}]
        # The body has characters that no JSON in UTF-8 has.
        if "U+FFFD" in told.get("error", "") + told.get("message", ""):
            return False
        complaints = {(one["field"], one["message"]) for one in fields}
        about_text = {one for one in complaints if one[1].startswith(_ABOUT_CHARACTERS)}
        return not complaints - about_text <= _WELL_FORMED_BUT_WRONG
    return True


@atexit.register
def _tell() -> None:
    Path(os.environ["FUZZ_ANSWERS"]).write_text(json.dumps(ANSWERS))
