"""Sends one request to the receiver of a webhook, safely.

The receiver's host name is resolved once. Every address of it must be allowed (see `addresses`), and the connection
goes to one of these very addresses. So a name server that answers differently the second time changes nothing. TLS
still checks the certificate for the host name. Redirects are not followed, and proxies from the environment are not
used. One request takes at most `TOTAL_SECONDS`, whatever the receiver does. The body of the answer is not read.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from rolecall.webhooks.addresses import is_allowed_address

#: The longest time that one request may take, from the resolution of the name to the status of the answer.
TOTAL_SECONDS = 10.0

_DEFAULT_PORTS = {"https": 443, "http": 80}


class Answer(NamedTuple):
    """What came of a request: the HTTP status of the answer, or the cause why there is none."""

    status: int | None
    cause: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_gone(self) -> bool:
        """Whether the receiver asks for no further delivery, with a 410."""
        return self.status == HTTPStatus.GONE

    @property
    def error(self) -> str:
        """The failure in words, as in `HTTP 500` or `timeout`. It has nothing that the receiver sent but its status."""
        return self.cause if self.status is None else f"HTTP {self.status}"


class _Failure(Exception):
    """No answer, for the cause that is the exception's text. Caught in this module."""


def post(url: str, headers: Mapping[str, str], body: bytes, *, allow_local: bool = False) -> Answer:
    """POST a body to a receiver, and return its status or why there is none; raise nothing that the receiver causes.

    Only https URLs are allowed. With `allow_local`, http URLs and loopback addresses are allowed too.
    """
    end = monotonic() + TOTAL_SECONDS
    try:
        receiver = _Receiver.from_url(url, ("https", "http") if allow_local else ("https",))
        addresses = _resolve_to_allowed_addresses(receiver, end, allow_loopback=allow_local)
        with _connect_to_first_reachable(addresses, receiver.port, end) as connection:
            return Answer(_request_status(connection, receiver, headers, body, end))
    except _Failure as failure:
        return Answer(None, str(failure))


class _Receiver(NamedTuple):
    """The parts of a URL. `target` is its path with its query."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def from_url(cls, url: str, allowed_schemes: Collection[str]) -> Self:
        """Take a URL apart. Raises `_Failure` for one of another scheme, and for a text that is no URL with a host."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _Failure("URL not allowed") from None
        if parts.scheme not in allowed_schemes or not parts.hostname:
            raise _Failure("URL not allowed")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme], target)


def _resolve_to_allowed_addresses(receiver: _Receiver, end: float, *, allow_loopback: bool) -> list[str]:
    """Return the addresses of a host; raise `_Failure` for an unknown host and if any of its addresses is forbidden."""
    addresses = _resolve(receiver.host, receiver.port, end)
    if not addresses:
        raise _Failure("host not found")
    if not all(is_allowed_address(address, allow_loopback=allow_loopback) for address in addresses):
        raise _Failure("address not allowed")
    return addresses


def _resolve(host: str, port: int, end: float) -> list[str]:
    """Return the addresses of a host, none for an unknown one. Raises `_Failure` if the time is up."""
    found: SimpleQueue[list[str]] = SimpleQueue()

    def resolve() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            answers = []
        found.put(list(dict.fromkeys(str(answer[4][0]) for answer in answers)))

    # A resolution can't be interrupted. So it has a thread of its own, which is left behind if the time is up.
    threading.Thread(target=resolve, daemon=True).start()
    try:
        return found.get(timeout=max(0.0, end - monotonic()))
    except Empty:
        raise _Failure("timeout") from None


@contextmanager
def _connect_to_first_reachable(addresses: list[str], port: int, end: float) -> Iterator[socket.socket]:
    """Connect to the first address that accepts, for the length of the block. Raises `_Failure` if none accepts.

    At the time `end` the connection is cut, and whatever waits for it fails.
    """
    connection = None
    for address in addresses:
        left = end - monotonic()
        if left <= 0:
            break
        try:
            connection = socket.create_connection((address, port), timeout=left)
            break
        except OSError:
            continue
    if connection is None:
        raise _Failure("timeout" if end <= monotonic() else "connection failed")
    # A socket's timeout holds for each single read, so a receiver that sends one byte at a time would never reach it.
    # So a timer cuts the connection at the time `end`. The timer gets a duplicate of the socket, because TLS takes the
    # socket itself over.
    duplicate = connection.dup()
    alarm = threading.Timer(max(0.0, end - monotonic()), _end_connection, [duplicate])
    alarm.daemon = True
    alarm.start()
    try:
        yield connection
    finally:
        alarm.cancel()
        connection.close()
        duplicate.close()


def _end_connection(connection: socket.socket) -> None:
    """End a connection in both directions. A connection that has ended already is no error."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _request_status(
    connection: socket.socket, receiver: _Receiver, headers: Mapping[str, str], body: bytes, end: float
) -> int:
    """Send the request through a connection, with TLS for https. Returns the status, raises `_Failure` for none."""
    client = http.client.HTTPConnection(receiver.host, receiver.port)
    client.default_port = _DEFAULT_PORTS[receiver.scheme]  # the header `Host` leaves the usual port out
    client.auto_open = 0  # the client never connects by itself, so it never resolves the name again
    try:
        if receiver.scheme == "https":
            client.sock = _tls_context().wrap_socket(connection, server_hostname=receiver.host)
        else:
            client.sock = connection
        client.request("POST", receiver.target, body, {**headers, "Connection": "close"})
        status = client.getresponse().status
    except ssl.SSLCertVerificationError:
        raise _Failure("certificate not valid") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        if isinstance(error, TimeoutError) or end <= monotonic():
            raise _Failure("timeout") from None
        raise _Failure("TLS failed" if isinstance(error, ssl.SSLError) else "no valid answer") from None
    finally:
        client.close()
    # If the connection was cut while the headers were read, `http.client` returns a status all the same. So a status
    # that comes after the time `end` is not believed.
    if end <= monotonic():
        raise _Failure("timeout")
    return status


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the settings of TLS: certificates are checked, for the host name, against the system's authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
