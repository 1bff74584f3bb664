"""How clients of AWS services are created. All of them are created here, with botocore alone, for a fast cold start.

Five things differ from botocore's defaults. Each takes a measured share of a cold start or of a request:

- orjson parses JSON, and botocore does not search its directories of four hundred service models.
- The parameters of a DynamoDB request are sent as they are passed, and the attribute values of a response are returned
  as they come. botocore would copy both member by member.
- A DynamoDB client finds its endpoint once. botocore would evaluate the rules for endpoints for each request.
- Parameters are not validated against the service model before they are sent. The service validates them.
- The user agent is one fixed word. botocore would build a description of the machine for each request.

Each client also observes the deadline of the invocation. A request is given up at the deadline, and a failed request is
retried only if the wait ends before the deadline. The waits are random, so two environments do not retry together.

Lambda's runtime contains botocore, and AWS updates it at any time. The overrides here act only on a client that uses
JSON and calls the methods that are known here. Every other client has botocore's default behaviour. `make prove` tries
the newest botocore.
"""

import gzip
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import orjson
from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.retries import quota, standard
from botocore.serialize import JSONSerializer
from urllib3.util import Timeout

from rolecall import deadline
from rolecall.randomness import SYSTEM_RANDOM

#: The names of the AWS services that the Lambda functions call.
_SERVICES = ["dynamodb", "events", "secretsmanager", "sqs"]


#: The most attempts of one request to AWS. All attempts and the waits between them take far less time than a Lambda
#: function's timeout.
_ATTEMPTS = 3

#: The longest wait between two attempts of a request to AWS.
_LONGEST_WAIT_SECONDS = 2

#: The shortest timeout of a request to AWS, also after the deadline. Functions set their deadline earlier than Lambda's
#: timeout by more than this time, so a function can still save its progress after its deadline.
_SHORTEST_TIMEOUT_SECONDS = 0.2


def create_client(
    service: str, *, attempts: int = _ATTEMPTS, connect_timeout: float = 1, read_timeout: float = 2, **options: Any
) -> Any:
    """A new low-level botocore client, which threads may share. Timeouts are in seconds and end with the deadline.

    `options` are those of `botocore.config.Config`.
    """
    config = Config(
        parameter_validation=False,
        user_agent="rolecall",
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        # botocore's own retries are switched off, because `_RetriesUntilDeadline` does the retries.
        retries={"mode": "standard", "total_max_attempts": 1},
        **options,
    )
    client: Any = _shared_session().create_client(service, config=config)
    _limit_to_deadline(client, attempts, _TimeoutUntilDeadline(connect=connect_timeout, read=read_timeout))
    if service == "dynamodb":
        _find_endpoint_once(client)
        # Only clients with this JSON serializer are changed, because other protocols have other serializer classes.
        # botocore has no option for the serializer, so its private attribute is set.
        if type(getattr(client, "_serializer", None)) is JSONSerializer:
            client._serializer = _UnchangedParametersSerializer()  # noqa: SLF001
    return client


@cache
def _shared_session() -> botocore.session.Session:
    """The one session of this process, with the loaders and the parser of this module."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _FixedServiceListLoader(file_loader=_OrjsonFileLoader()))
    session.register_component("response_parser_factory", _SharedParserFactory())
    return session


def _limit_to_deadline(client: Any, attempts: int, timeout: Timeout) -> None:
    """Replace the client's retries and timeouts by ones that end at the deadline of the invocation."""
    service = client.meta.service_model.service_id.hyphenize()
    quota_checker: Any = standard.RetryQuotaChecker(quota.RetryQuota())
    retries = _RetriesUntilDeadline(
        standard.RetryPolicy(
            standard.StandardRetryConditions(attempts),
            standard.ExponentialBackoff(max_backoff=_LONGEST_WAIT_SECONDS, random=SYSTEM_RANDOM.random),
        ),
        standard.RetryEventAdapter(),
        quota_checker,
    )
    client.meta.events.register(f"after-call.{service}", quota_checker.release_retry_quota)
    # botocore's own retry handler is removed, because it never retries with one attempt and would only take time.
    client.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
    client.meta.events.register(f"needs-retry.{service}", retries.needs_retry)
    # botocore has no option for a timeout that depends on the deadline. So the timeout of its pool manager is replaced:
    # botocore and urllib3 copy that timeout for each request. If a later botocore has no attribute `_manager`, the
    # fixed timeouts apply.
    manager = getattr(client._endpoint.http_session, "_manager", None)  # noqa: SLF001
    if manager is not None:
        manager.connection_pool_kw["timeout"] = timeout


def _find_endpoint_once(client: Any) -> None:
    """Makes a DynamoDB client use the endpoint of its first request for all of its requests.

    The endpoint depends on the region, the account and the settings, which a client never changes.
    """
    resolver: Any = getattr(client, "_ruleset_resolver", None)
    if hasattr(resolver, "construct_endpoint"):
        resolver.construct_endpoint = _FunctionWithCachedResult(resolver.construct_endpoint)


class _FunctionWithCachedResult:
    """Calls a function the first time only. Later calls return the same result, whatever their arguments are."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._result: Any = None

    def __call__(self, *arguments: Any, **named_arguments: Any) -> Any:
        if self._result is None:
            self._result = self._function(*arguments, **named_arguments)
        return self._result


class _RetriesUntilDeadline(standard.RetryHandler):
    def needs_retry(self, **kwargs: Any) -> float | None:
        """The seconds to wait before the next attempt; None for no other attempt, also if the deadline is too near."""
        pause: float | None = super().needs_retry(**kwargs)
        return pause if pause is not None and pause < deadline.time_left_for_retries() else None


class _TimeoutUntilDeadline(Timeout):
    def clone(self) -> Timeout:
        """The timeout of one request: the time until the deadline, but never less than the shortest timeout."""
        left = max(deadline.time_left(), _SHORTEST_TIMEOUT_SECONDS)
        return Timeout(total=left, connect=self._connect, read=self._read)


class _OrjsonFileLoader(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        """The content of a JSON file, plain or compressed; `file_path` has no extension. None if there is no file."""
        for extension, opened in ((".json", open), (".json.gz", gzip.open)):
            path = Path(file_path + extension)
            if path.is_file():
                with opened(path, "rb") as file:
                    return orjson.loads(file.read())
        return super().load_file(file_path)


class _FixedServiceListLoader(Loader):
    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 (the services are the same for each type of model)
        return _SERVICES


class _SharedParserFactory(ResponseParserFactory):
    """Returns one shared parser for all responses of JSON services.

    botocore creates a parser for each response, and each is a reference cycle. The parser keeps no state, so one is
    enough.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shared = (
            {"json": _OrjsonParserKeepingAttributeValues()} if type(super().create_parser("json")) is JSONParser else {}
        )

    def create_parser(self, protocol_name: str) -> Any:
        return self._shared.get(protocol_name) or super().create_parser(protocol_name)


# The next two classes pass values through unchanged. That would be wrong for binary values, but the table has none. A
# later botocore may add arguments to the overridden methods: `rest` and `more` catch them and pass them on.


class _UnchangedParametersSerializer(JSONSerializer):
    def _serialize(self, serialized: Any, value: Any, shape: Any, key: Any = None, *rest: Any, **more: Any) -> None:
        """Put each parameter into the request as it was passed."""
        # The serializer calls this method for the whole request with `key` None, and for each parameter with the
        # parameter's name as `key`.
        if key is None or rest or more:
            super()._serialize(serialized, value, shape, key, *rest, **more)  # type: ignore[misc]
        else:
            serialized[key] = value


class _OrjsonParserKeepingAttributeValues(JSONParser):
    def _parse_body_as_json(self, body_contents: Any, *rest: Any, **more: Any) -> Any:
        """Parse JSON with orjson, and what orjson refuses with botocore's own parser."""
        try:
            return orjson.loads(body_contents)
        except orjson.JSONDecodeError:
            return super()._parse_body_as_json(body_contents, *rest, **more)  # type: ignore[misc]

    def _handle_structure(self, shape: Any, value: Any, *rest: Any, **more: Any) -> Any:
        """Return an attribute value unchanged, in DynamoDB's JSON format; parse any other structure."""
        if shape.name == "AttributeValue":
            return value
        return super()._handle_structure(shape, value, *rest, **more)  # type: ignore[misc]

    def _handle_map(self, shape: Any, value: Any, *rest: Any, **more: Any) -> Any:
        """Return a map of attribute values unchanged, in DynamoDB's JSON format; parse any other map."""
        if shape.value.name == "AttributeValue":
            return value
        return super()._handle_map(shape, value, *rest, **more)  # type: ignore[misc]
