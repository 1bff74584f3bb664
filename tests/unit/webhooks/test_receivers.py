"""A request to a receiver: it goes to a checked address, within a bounded time, and trusts nothing that comes back."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from rolecall.webhooks import receivers
from rolecall.webhooks.receivers import Answer
from tests.receiver import Behaviour, answer, hang, make_authority, serving

PUBLIC = "93.184.215.14"
OK = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"
_real_getaddrinfo = socket.getaddrinfo


class Names:
    """A name server of the tests: the answers that each name gives, one list of addresses after the other."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []

    def __call__(self, host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in self.answers:
            assert host.replace(".", "").isdigit() or ":" in host, f"{host} is not a name of this test"
            return _real_getaddrinfo(host, port, *rest, **more)
        self.asked.append(host)
        answers = self.answers[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if not found:
            raise socket.gaierror
        return [one for address in found for one in _real_getaddrinfo(address, port, *rest, **more)]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made


@pytest.fixture
def connected_to(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses to which a connection was tried. None of them accepts."""
    tried: list[str] = []

    def refuse(address: tuple[str, int], timeout: float) -> Any:
        tried.append(address[0])
        raise OSError

    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "TOTAL_SECONDS", 0.3)


def _post(url: str, *, allow_local: bool = True) -> Answer:
    return receivers.post(url, {"webhook-id": "msg_1"}, b'{"type":"x"}', allow_local=allow_local)


# --- Where it goes ---------------------------------------------------------------------------------


def test_a_request_arrives_whole() -> None:
    with serving(answer(OK)) as served:
        assert _post(f"http://127.0.0.1:{served.port}/hooks/1?a=b") == Answer(200)

    (request,) = served.requests
    assert request.startswith(f"POST /hooks/1?a=b HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n")
    assert request.endswith('\r\n\r\n{"type":"x"}')
    assert "\r\nwebhook-id: msg_1\r\n" in request
    assert "\r\nConnection: close\r\n" in request


@pytest.mark.parametrize("forbidden", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:8.8.8.8", "fd00::1"])
def test_no_connection_is_made_to_a_host_with_a_private_address(
    names: Names, connected_to: list[str], forbidden: str
) -> None:
    names.answers["receiver.test"] = [[forbidden]]

    assert _post("https://receiver.test/", allow_local=False) == Answer(None, "address not allowed")
    assert connected_to == []


def test_one_forbidden_address_among_public_ones_is_enough(names: Names, connected_to: list[str]) -> None:
    names.answers["receiver.test"] = [[PUBLIC, "10.0.0.7"]]

    assert _post("https://receiver.test/", allow_local=False).error == "address not allowed"
    assert connected_to == []


def test_a_host_name_is_resolved_only_once(names: Names, connected_to: list[str]) -> None:
    names.answers["receiver.test"] = [[PUBLIC], ["127.0.0.1"]]

    assert _post("https://receiver.test/", allow_local=False).error == "connection failed"
    assert connected_to == [PUBLIC]
    assert names.asked == ["receiver.test"]


def test_the_connection_goes_to_the_address_that_was_checked(names: Names) -> None:
    names.answers["receiver.test"] = [["127.0.0.1"], ["127.0.0.2"]]
    with serving(answer(OK)) as checked, serving(answer(OK), host="127.0.0.2", port=checked.port) as other:
        assert _post(f"http://receiver.test:{checked.port}/").is_success

    assert len(checked.requests) == 1
    assert f"Host: receiver.test:{checked.port}" in checked.requests[0]
    assert other.requests == []


def test_the_next_address_is_tried_if_one_does_not_accept(names: Names) -> None:
    with serving(answer(OK), host="127.0.0.2") as served:
        names.answers["receiver.test"] = [["127.0.0.3", "127.0.0.2"]]
        assert _post(f"http://receiver.test:{served.port}/").is_success


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http://receiver.test/", "URL not allowed"),
        ("ftp://receiver.test/", "URL not allowed"),
        ("https://", "URL not allowed"),
        ("https://receiver.test:99999/", "URL not allowed"),
        ("https://[::1", "URL not allowed"),
        ("https://unknown.test/", "host not found"),
        (f"https://{'a' * 70}.test/", "host not found"),
    ],
)
def test_a_url_that_is_not_allowed_or_leads_nowhere_is_a_failure(
    names: Names, connected_to: list[str], url: str, cause: str
) -> None:
    names.answers |= {"unknown.test": [[]], f"{'a' * 70}.test": [[]]}

    assert _post(url, allow_local=False) == Answer(None, cause)
    assert connected_to == []


@pytest.mark.parametrize(
    ("url", "cause"), [("http://receiver.test/", "URL not allowed"), ("https://127.0.0.1/", "address not allowed")]
)
def test_by_default_neither_http_nor_loopback_is_allowed(connected_to: list[str], url: str, cause: str) -> None:
    assert receivers.post(url, {}, b"") == Answer(None, cause)
    assert connected_to == []


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer(OK)) as proxy, serving(answer(OK)) as served:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert _post(f"http://127.0.0.1:{served.port}/").is_success

    assert (len(served.requests), len(proxy.requests)) == (1, 0)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_to_a_private_address_is_not_followed(status: str) -> None:
    with serving(answer(OK)) as inside:
        moved = f"HTTP/1.1 {status}\nLocation: http://127.0.0.1:{inside.port}/latest/meta-data\nContent-Length: 0\n\n"
        with serving(answer(moved)) as served:
            found = _post(f"http://127.0.0.1:{served.port}/")

    assert not found.is_success
    assert found.error == f"HTTP {status[:3]}"
    assert inside.requests == []


# --- What comes back -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "success", "gone"),
    [
        (199, False, False),
        (200, True, False),
        (204, True, False),
        (299, True, False),
        (300, False, False),
        (400, False, False),
        (410, False, True),
        (500, False, False),
    ],
)
def test_only_a_2xx_is_a_success_and_a_410_asks_for_no_more(status: int, success: bool, gone: bool) -> None:
    assert (Answer(status).is_success, Answer(status).is_gone) == (success, gone)


def test_a_failure_never_repeats_what_the_receiver_sent() -> None:
    with serving(answer("HTTP/1.1 500 secret-reason\nX-Secret: header\nContent-Length: 6\n\nsecret")) as served:
        assert _post(f"http://127.0.0.1:{served.port}/").error == "HTTP 500"


_NEVER_ENDING_BODY = "HTTP/1.1 200 OK\nContent-Length: 1000000000000\n\n"


def _drip(connection: socket.socket, stop: threading.Event) -> None:
    """Send the head one byte at a time, each within any timeout of a single read, and never end it."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not stop.wait(0.05):
        connection.sendall(b"a")


def _continue_forever(connection: socket.socket, stop: threading.Event) -> None:
    while not stop.is_set():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("behaviour", [hang, _drip, _continue_forever])
def test_a_receiver_that_never_ends_its_answer_is_cut_off(behaviour: Behaviour) -> None:
    with serving(behaviour) as served:
        began = monotonic()
        assert _post(f"http://127.0.0.1:{served.port}/") == Answer(None, "timeout")
        assert monotonic() - began < 2


@pytest.mark.usefixtures("quick")
def test_a_receiver_that_never_shakes_hands_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = monotonic()
        assert _post(f"https://127.0.0.1:{listener.getsockname()[1]}/") == Answer(None, "timeout")
        assert monotonic() - began < 2


@pytest.mark.usefixtures("quick")
def test_a_name_server_that_never_answers_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    in_threads: list[threading.Thread] = []

    def hang_on(*_: Any, **__: Any) -> list[Any]:
        in_threads.append(threading.current_thread())
        asked.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang_on)

    assert _post("https://receiver.test/") == Answer(None, "timeout")
    # Otherwise the process could not end before the name server answers.
    assert [thread.daemon for thread in in_threads] == [True]
    asked.set()


@pytest.mark.usefixtures("quick")
def test_the_body_of_an_answer_is_not_waited_for() -> None:
    def never_ending_body(connection: socket.socket, stop: threading.Event) -> None:
        answer(_NEVER_ENDING_BODY)(connection, stop)
        stop.wait()

    with serving(never_ending_body) as served:
        assert _post(f"http://127.0.0.1:{served.port}/") == Answer(200)


@pytest.mark.parametrize(
    "text", ["", "SSH-2.0-OpenSSH\n", "HTTP/1.1 abc\n\n", "HTTP/1.1 200 OK\n" + "X: y\n" * 200 + "\n"]
)
def test_an_answer_that_is_not_http_is_a_failure(text: str) -> None:
    with serving(answer(text)) as served:
        assert _post(f"http://127.0.0.1:{served.port}/") == Answer(None, "no valid answer")


# --- TLS -------------------------------------------------------------------------------------------


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """TLS of a server with a certificate for `receiver.test`, from an authority that is trusted."""
    authority, made = make_authority(tmp_path, "receiver.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    receivers._tls_context.cache_clear()
    yield made
    receivers._tls_context.cache_clear()


def test_the_certificate_is_checked_for_the_name_although_the_connection_goes_to_an_address(
    names: Names, tls: ssl.SSLContext
) -> None:
    names.answers["receiver.test"] = [["127.0.0.1"]]
    with serving(answer(OK), tls=tls) as served:
        assert _post(f"https://receiver.test:{served.port}/") == Answer(200)

    assert served.names == ["receiver.test"]
    assert "Host: receiver.test" in served.requests[0]


def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(names: Names, tls: ssl.SSLContext) -> None:
    names.answers["other.test"] = [["127.0.0.1"]]
    with serving(answer(OK), tls=tls) as served:
        assert _post(f"https://other.test:{served.port}/") == Answer(None, "certificate not valid")

    assert served.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(
    names: Names, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    names.answers["receiver.test"] = [["127.0.0.1"]]
    with serving(answer(OK), tls=tls) as served:
        assert _post(f"https://receiver.test:{served.port}/") == Answer(None, "certificate not valid")


def test_a_server_without_tls_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk_first() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 mail.example.com ready\r\n")
                connection.recv(4096)

        talking = threading.Thread(target=talk_first)
        talking.start()
        assert _post(f"https://127.0.0.1:{listener.getsockname()[1]}/") == Answer(None, "TLS failed")
        talking.join()
