"""Hooks for Schemathesis with what the API's document cannot say. Schemathesis loads this file by SCHEMATHESIS_HOOKS.

The file that FUZZ_CALLERS names has the callers. The hooks write the numbers of answers by operation and status to the
file that FUZZ_ANSWERS names.
"""

import atexit
import json
import os
import re
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
# Only simple addresses are generated, because email-validator refuses some addresses that the RFC allows.
schemathesis.openapi.format("email", st.builds("{}.{}@{}.example.com".format, _LABELS, _LABELS, _LABELS))
schemathesis.openapi.format("password", st.text(_VISIBLE, min_size=8, max_size=128).map(lambda text: f"{text[:-2]}✓~"))

#: Requests that match the document and are still refused with 400, because of a rule that no schema can express:
#: the field and the error message.
_WELL_FORMED_BUT_WRONG = {
    # A cursor is authenticated, so only a cursor from an earlier answer is valid.
    ("cursor", "must be a next_cursor of this list, with the same filters"),
    # The list of common passwords has thousands of entries.
    ("password", "is among the most common passwords: choose another"),
    # The parameter is required only with the master token.
    ("tenant_id", "is required and must be a UUID"),
    # No pattern describes all beginnings of email addresses.
    ("email", "must be the beginning of an email address"),
    ("email", "must have no space: an email has none, and + is written as %2B in a query"),
    ("birthDate", "must be from 1900-01-01 to today"),
    # Whether a change or a password is one's own, and how far an end lies ahead, can't be in a schema.
    ("", "needs user_id or email, and not both"),
    ("current_password", "is required for one's own password"),
    ("current_password", "is only for one's own password"),
    ("new_password", "is among the most common passwords: choose another"),
    ("newPassword", "is among the most common passwords: choose another"),
    ("until", "must be at least a minute and at most 90 days ahead"),
}
_ABOUT_WHAT_IS_STORED = re.compile(
    r"is about the same user as changes\[\d+\]"
    r"|needs a role above \w+, which the user has without an end"
    r"|must differ from the present password|must not be the email"
)
_ROW = re.compile(r"^changes\[\d+\]\.?")

#: The beginnings of the messages of `text_rules`. No pattern can express Unicode's properties.
_ABOUT_CHARACTERS = ("must not be blank", "must have no characters", "must not have the character", "must have at most")


@schemathesis.auth(refresh_interval=None)
class RandomCaller:
    """Chooses the caller of each request at random; callers who may use the route are chosen more often."""

    def __init__(self) -> None:
        self._dice = Random(0)

    def get(self, case: Case[Any], context: AuthContext) -> Caller:
        schemes = {name for one in context.operation.definition.raw.get("security", []) for name in one}
        fitting = [caller for caller in CALLERS if caller.scheme in schemes]
        return self._dice.choice(fitting if fitting and self._dice.random() < 0.7 else CALLERS)

    def set(self, case: Case[Any], caller: Caller, context: AuthContext) -> None:
        if caller.credential:
            case.headers["Authorization"] = f"Bearer {caller.credential}"
        # Random ids and tokens would give almost only 404 and 401. So ids of existing items are used often.
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
            caller.take_over_credential(operation, response.status_code, response.request.body, response.content)


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Return whether a reported failure is real.

    Some correct answers look wrong, because no schema can express them.
    """
    if isinstance(failure, UnsupportedMethodResponse):
        # The contract's answer to an unknown method is 404, not 405, because API Gateway can't tell the two apart.
        return response.status_code != 404
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        answer = json.loads(response.content)
        fields = answer.get("validation") or answer.get("fieldErrors") or [{"field": "", "message": ""}]
        # The body contained U+FFFD, which is refused.
        if "U+FFFD" in answer.get("error", "") + answer.get("message", ""):
            return False
        complaints = {(_ROW.sub("", one["field"]), one["message"]) for one in fields}
        not_in_schema = {
            one for one in complaints if one[1].startswith(_ABOUT_CHARACTERS) or _ABOUT_WHAT_IS_STORED.fullmatch(one[1])
        }
        return not complaints - not_in_schema <= _WELL_FORMED_BUT_WRONG
    return True


@atexit.register
def _write_answers() -> None:
    Path(os.environ["FUZZ_ANSWERS"]).write_text(json.dumps(ANSWERS))
