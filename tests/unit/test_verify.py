"""The walk of `make verify`, without a stack: what it covers, how it judges, and that it cleans up."""

import io
from collections.abc import Callable
from typing import Final, cast

import pytest
from botocore.exceptions import ClientError

from local.http import Answer
from openapi.template import template
from verify import report, run
from verify.check import check
from verify.checks import CHECKS, monitoring
from verify.results import Result, Unknown, Verdict, Wrong
from verify.stack import DeployedStack
from verify.walk import Heard, Walk

FUNCTIONS = {
    name for name, resource in template()["Resources"].items() if resource["Type"] == "AWS::Serverless::Function"
}


def _walk() -> Walk:
    return Walk(cast("DeployedStack", None))


def _judged(body: Callable[[Walk], str | None]) -> Result:
    [result] = run.take(_walk(), [check("It holds.")(body)])
    return result


def _raising(error: BaseException) -> Callable[[Walk], str]:
    def body(_walk: Walk) -> str:
        raise error

    return body


def test_every_function_of_the_template_is_used_by_a_check() -> None:
    assert set().union(*(one.uses for one in CHECKS)) == FUNCTIONS, "each function needs a check in verify/checks"


def test_every_check_says_in_a_sentence_of_its_own_what_it_shows() -> None:
    titles = [one.title for one in CHECKS]
    assert len(set(titles)) == len(titles)
    assert all(title.endswith(".") for title in titles)


@pytest.mark.parametrize(
    ("error", "verdict", "note"),
    [
        (Wrong("It does not."), Verdict.WRONG, "It does not."),
        (Unknown("Nobody knows."), Verdict.UNKNOWN, "Nobody knows."),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "CreateQueue"), Verdict.UNKNOWN, "allow CreateQueue."),
        (ClientError({"Error": {"Code": "Gone"}}, "GetStage"), Verdict.WRONG, "AWS answered GetStage with Gone."),
        (TimeoutError(), Verdict.UNKNOWN, "(TimeoutError)"),
        (KeyError("token"), Verdict.WRONG, "could not go on (KeyError)"),
    ],
)
def test_what_goes_wrong_in_a_check_is_its_result(error: Exception, verdict: Verdict, note: str) -> None:
    result = _judged(_raising(error))
    assert (result.title, result.verdict) == ("It holds.", verdict)
    assert note in result.note


def test_a_check_that_needs_what_an_earlier_one_could_not_make_is_unknown() -> None:
    result = _judged(lambda walk: walk.person("admin").token)
    assert (result.verdict, "made no admin" in result.note) == (Verdict.UNKNOWN, True)


def test_a_secret_is_never_shown() -> None:
    def body(walk: Walk) -> str:
        raise Wrong(f"The token {walk.secret('s3cret')} was refused.")

    assert _judged(body).note == "The token *** was refused."


def test_after_its_time_the_walk_begins_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MOST_SECONDS", -1.0)
    result = _judged(lambda _walk: "done")
    assert (result.verdict, "seconds were up" in result.note) == (Verdict.UNKNOWN, True)


def test_an_answer_with_another_status_or_code_is_told_with_its_request_id() -> None:
    text = '{"error_code": "INTERNAL_ERROR", "token": "s3cret"}'
    heard = Heard("PUT", "/x?cursor=abc", Answer(500, {"x-request-id": "id-1"}, text), 0.1)
    with pytest.raises(Wrong) as told:
        heard.must(200)
    assert str(told.value) == "PUT /x answered 500 INTERNAL_ERROR, not 200. Its X-Request-Id is id-1."
    with pytest.raises(Wrong, match="not 500 CONFLICT"):
        heard.must(500, "CONFLICT")
    assert heard.must(500, "INTERNAL_ERROR") == {"error_code": "INTERNAL_ERROR", "token": "s3cret"}


_FOREVER: Final = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("path", "status", "cache_control", "verdict"),
    [
        ("/users", 200, "no-store", Verdict.RIGHT),
        ("/users", 200, _FOREVER, Verdict.WRONG),
        ("/console", 200, _FOREVER, Verdict.WRONG),
        ("/console/script-abc.js", 200, _FOREVER, Verdict.RIGHT),
        ("/console/script-abc.js", 200, "no-store", Verdict.WRONG),
        ("/console/script-abc.js", 404, _FOREVER, Verdict.WRONG),
        ("/docs/script.js?v=1", 200, _FOREVER, Verdict.RIGHT),
        ("/docs/script.js", 200, _FOREVER, Verdict.WRONG),
    ],
)
def test_browsers_may_cache_only_files_whose_url_changes_with_their_content(
    path: str, status: int, cache_control: str, verdict: Verdict
) -> None:
    walk, headers = _walk(), {"x-request-id": "id-1", "cache-control": cache_control}
    walk.heard.append(Heard("GET", path, Answer(status, headers, ""), 0.1))

    [result] = run.take(walk, [monitoring.look_at_headers])

    assert result.verdict is verdict


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.RIGHT, Verdict.UNKNOWN], 0),
        ([Verdict.RIGHT, Verdict.WRONG, Verdict.RIGHT], 1),
    ],
)
def test_the_report_ends_with_1_if_anything_is_wrong(verdicts: list[Verdict], code: int) -> None:
    out = io.StringIO()
    told = report.Report(out)
    told.add(Result(f"Fact {number}.", verdict, "Why.") for number, verdict in enumerate(verdicts))
    assert told.end(2.4) == code
    rows = out.getvalue().splitlines()
    assert [row.split()[0] for row in rows[: len(verdicts)]] == [str(verdict) for verdict in verdicts]
    assert rows[-1].endswith("in 2 s.")
    assert ("wrong: Fact 1.  Why." in rows) is (code == 1)


@pytest.mark.parametrize(
    ("ending", "code"), [(None, 0), (Wrong("No."), 1), (ZeroDivisionError(), 1), (KeyboardInterrupt(), 1)]
)
def test_what_a_walk_made_is_removed_however_it_ends(ending: BaseException | None, code: int) -> None:
    gone: list[str] = []

    def make(walk: Walk) -> None:
        walk.afterwards("The first", lambda: gone.append("first"))
        walk.afterwards("The second", lambda: gone.append("second"))
        if ending:
            raise ending

    told = report.Report(io.StringIO())

    assert run.walk_through(_walk(), [check("It is made.")(make)], told) == code
    assert gone == ["second", "first"]
    assert [one.title for one in told.results[-2:]] == ["The second is gone.", "The first is gone."]


def test_what_can_not_be_removed_is_wrong_and_keeps_nothing_else_from_going() -> None:
    walk, gone = _walk(), []
    walk.afterwards("The first", lambda: gone.append("first"))
    walk.afterwards("The second", lambda: _raising(Wrong("It is still there."))(walk))

    results = [(one.title, one.verdict) for one in run.clean_up(walk)]

    assert results == [("The second is gone.", Verdict.WRONG), ("The first is gone.", Verdict.RIGHT)]
    assert gone == ["first"]
