"""A stand-in for DynamoDB that gives the same prepared answers to every candidate and records all requests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TENANT, ACTOR, TARGET = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
TOKEN = "44444444-0000-4000-8000-000000000000"

#: One request: its operation and its body.
type Asked = tuple[str, dict[str, Any]]


def user(user_id: str, role: str, number: int = 0) -> dict[str, Any]:
    """A user's item in DynamoDB's JSON format."""
    email = f"user{number:06}@example.com"
    texts = {
        "pk": f"TENANT#{TENANT}",
        "sk": f"USER#{user_id}",
        "gsi1pk": f"TENANT#{TENANT}#USERS",
        "gsi1sk": email,
        "gsi2pk": f"TENANT#{TENANT}#USERS#{role}#active",
        "gsi2sk": email,
        "id": user_id,
        "tenant_id": TENANT,
        "email": email,
        "role": role,
        "token_last4": "5a60",
        "created_at": "2026-06-01T09:00:00Z",
        "updated_at": "2026-06-10T11:30:00Z",
    }
    return {
        **{name: {"S": text} for name, text in texts.items()},
        "active": {"BOOL": True},
        "version": {"N": "1"},
        "owned_keys": {"SS": [f"EMAIL#{email}", f"TOKEN#{'0' * 58}{number:06}"]},
    }


def _answers() -> dict[str, Any]:
    users = [user(f"{number:08}-0000-4000-8000-000000000000", "user", number) for number in range(100)]
    # A use within the last hour is saved already, so the authorizer reports none.
    just_now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        # The authorizer reads the token's item, and a promotion reads its target.
        "TOKEN#": {"Item": {"tenant_id": {"S": TENANT}, "user_id": {"S": ACTOR}, "last_used_at": {"S": just_now}}},
        "TENANT#": {"Item": user(TARGET, "user")},
        "BatchGetItem": {
            "Responses": {
                "bench": [
                    {"pk": {"S": f"TENANT#{TENANT}"}, "sk": {"S": "META"}, "status": {"S": "active"}},
                    user(ACTOR, "admin"),
                ]
            }
        },
        "Query": {"Items": users, "Count": 100, "ScannedCount": 100},
        "TransactWriteItems": {},
    }


class Stub:
    """A running stand-in. `asked` has the requests since the caller last emptied it."""

    def __init__(self, url: str, asked: list[Asked]) -> None:
        self.url, self.asked = url, asked


@contextmanager
def serving() -> Iterator[Stub]:
    canned = {name: json.dumps(answer).encode() for name, answer in _answers().items()}
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body are sent in one packet. The client would wait 40 ms for a second packet.
        wbufsize = -1

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((operation, request))
            name = request["Key"]["pk"]["S"].partition("#")[0] + "#" if operation == "GetItem" else operation
            self.send_response_only(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(canned[name])))
            self.end_headers()
            self.wfile.write(canned[name])

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the base class)
            """Writes no log line."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Stub(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
