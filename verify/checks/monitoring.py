"""What operates the stack: alarms, logs and times; and the headers of everything that was answered."""

import re
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

from verify.check import check
from verify.checks.template import expected_resources
from verify.results import Unknown, Wrong
from verify.walk import Walk

#: `DescribeAlarms` takes this many names.
_ALARMS_AT_ONCE = 100
#: Some minutes after the first deployment maintenance has not run yet.
_YOUNG_SECONDS = 20 * 60
#: The walk deletes tenants, which is a critical event.
_CAUSED_BY_WALKS = {"CriticalEventAlarm"}
_LOG_SECONDS = 45
#: Each has up to a megabyte.
_MOST_PAGES = 30
_WARM_CALLS = 7
#: Above these a person would notice; `ApiSlowAlarm` has the first one.
_SLOW_MS, _SLOW_START_MS = 3000, 6000
#: What browsers keep forever: other content has another address.
_KEPT = re.compile(r"/docs/.*\?v=|/console/.")
_INIT = re.compile(r"(?:Init|Restore) Duration: ([\d.]+) ms")


def _alarms(walk: Walk) -> Mapping[str, Mapping[str, Any]]:
    """What CloudWatch says of each of the stack's alarms, by its name in the template."""
    names = {one.physical_id: one.logical_id for one in walk.stack.resources_of("AWS::CloudWatch::Alarm")}
    physical = list(names)
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(physical), _ALARMS_AT_ONCE):
        asked = physical[start : start + _ALARMS_AT_ONCE]
        answer = walk.stack.client("cloudwatch").describe_alarms(AlarmNames=asked, MaxRecords=_ALARMS_AT_ONCE)
        found |= {names[one["AlarmName"]]: one for one in answer["MetricAlarms"]}
    return found


@check("Every alarm is there, is switched on and tells the topic.")
def find_alarms(walk: Walk) -> str:
    found, topic = _alarms(walk), walk.stack.outputs["AlarmTopicArn"]
    wanted = {name for name, kind in expected_resources(walk.stack).items() if kind == "AWS::CloudWatch::Alarm"}
    if missing := sorted(wanted - set(found)):
        raise Wrong(f"Missing: {', '.join(missing)}.")
    if mute := sorted(
        name for name, one in found.items() if not one["ActionsEnabled"] or topic not in one["AlarmActions"]
    ):
        raise Wrong(f"These alarms tell nobody: {', '.join(mute)}.")
    return f"{len(found)} in all."


@check("No alarm is on.")
def read_alarms(walk: Walk) -> str:
    states = {name: one["StateValue"] for name, one in _alarms(walk).items()}
    on = {name for name, state in states.items() if state == "ALARM"}
    excused = set(_CAUSED_BY_WALKS)
    if walk.started - walk.stack.created_at < _YOUNG_SECONDS:
        excused.add("MaintenanceMissingAlarm")
    if on - excused:
        raise Wrong(f"On: {', '.join(sorted(on - excused))}. The runbook has a section for each.")
    if on:
        raise Unknown(f"On, as after a first deployment or a walk: {', '.join(sorted(on))}. Look again later.")
    waiting = sum(state == "INSUFFICIENT_DATA" for state in states.values())
    return f"{waiting} have no data yet." if waiting else ""


@check("Every function has written into its log, and none of the walk's secrets is there.")
def read_logs(walk: Walk) -> str:
    end = time.monotonic() + _LOG_SECONDS
    while True:
        logs, complete = _logs(walk)
        if leaky := sorted(name for name, log in logs.items() if any(secret in log for secret in walk.secrets)):
            raise Wrong(f"A token or a password is in the log of {', '.join(leaky)}.")
        silent = sorted(name for name, log in logs.items() if not log)
        if not silent:
            break
        if not complete:
            raise Unknown(f"Too much was logged to read it all; not seen: {', '.join(silent)}.")
        if time.monotonic() > end:
            raise Wrong(f"No log since the walk began: {', '.join(silent)}.")
        time.sleep(2)
    starts = {name: max(map(float, found)) for name, log in logs.items() if (found := _INIT.findall(log))}
    walk.remember(cold_starts=starts)
    return f"{len(logs)} functions."


def _logs(walk: Walk) -> tuple[dict[str, str], bool]:
    """What each function has logged since the walk began, and whether that is all of it."""
    groups: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for function, settings in walk.stack.functions.items():
        group = settings.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{settings['FunctionName']}"
        groups[group][function] = f"{settings['FunctionName']}["
    logs: dict[str, list[str]] = {function: [] for function in walk.stack.functions}
    complete = True
    for group, functions in groups.items():
        pages = walk.stack.client("logs").get_paginator("filter_log_events")
        page: Mapping[str, Any] = {}
        for page in islice(pages.paginate(logGroupName=group, startTime=int(walk.started * 1000)), _MOST_PAGES):
            for event in page["events"]:
                for function, name in functions.items():
                    # The stream of a group that functions share has the function's name in its own.
                    if len(functions) == 1 or name in event["logStreamName"]:
                        logs[function].append(event["message"])
        complete = complete and "nextToken" not in page
    return {function: "\n".join(lines) for function, lines in logs.items()}, complete


@check("Warm and cold functions answer in time.")
def measure_times(walk: Walk) -> str:
    master_token = walk.master_token
    times = [walk.ask("GET", "/tenants?limit=1", master_token) for _ in range(_WARM_CALLS)]
    for one in times:
        one.must(200)
    warm = statistics.median(one.seconds for one in times) * 1000
    said = f"Warm {warm:.0f} ms (the median of {_WARM_CALLS} at GET /tenants, with the way there)"
    starts: Mapping[str, float] = walk.recall("cold_starts")
    if warm > _SLOW_MS:
        raise Wrong(f"{said}, which is more than {_SLOW_MS} ms.")
    if not starts:
        slowest = max(walk.heard, key=lambda one: one.seconds)
        return f"{said}; no log tells of a cold start; the slowest was {slowest.what} with {slowest.seconds:.1f} s."
    slow, most = max(starts.items(), key=lambda one: one[1])
    if most > _SLOW_START_MS:
        raise Wrong(f"{slow} took {most:.0f} ms to start, which is more than {_SLOW_START_MS} ms.")
    return (
        f"{said}; {len(starts)} cold starts, {statistics.median(starts.values()):.0f} ms in the median, "
        f"{most:.0f} ms at most ({slow})."
    )


@check("Every answer has an X-Request-Id. Browsers may store only files whose address changes with their content.")
def look_at_headers(walk: Walk) -> str:
    for heard in walk.heard:
        may_be_kept = _KEPT.match(heard.path) and heard.answer.status == HTTPStatus.OK
        wanted = "public, max-age=31536000, immutable" if may_be_kept else "no-store"
        if not heard.answer.headers.get("x-request-id"):
            raise Wrong(f"The {heard.answer.status} of {heard.what} has no X-Request-Id.")
        if heard.answer.headers.get("cache-control") != wanted:
            raise Wrong(f"The {heard.answer.status} of {heard.what} is not Cache-Control: {wanted}.")
    return f"{len(walk.heard)} answers."
