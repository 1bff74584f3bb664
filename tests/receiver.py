"""Servers for tests: one whose behaviour a test writes, byte by byte if need be, and a receiver of webhooks."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook

from tests import contract

_KEY_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)

#: What a server does with one connection.
type Behaviour = Callable[[socket.socket, threading.Event], None]


@dataclass
class Served:
    """A running server. `requests` are the texts that it received, `names` those that TLS clients asked for."""

    port: int
    requests: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)


@contextmanager
def serving(
    behaviour: Behaviour, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Served]:
    """Serve connections, each in a thread. At the end of the block, `stop` is set and all connections are closed."""
    stop = threading.Event()
    listener = socket.create_server((host, port))
    served = Served(listener.getsockname()[1])
    if tls:
        tls.sni_callback = lambda _socket, name, _context: served.names.append(name)

    def serve(connection: socket.socket) -> None:
        with (
            suppress(OSError, ValueError),
            connection,
            tls.wrap_socket(connection, server_side=True) if tls else connection as stream,
        ):
            served.requests.append(_read_request(stream))
            behaviour(stream, stop)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=[connection], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield served
    finally:
        stop.set()
        listener.close()


def _read_request(connection: socket.socket) -> str:
    """Read the head and the body of a request."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(4096) or b"\r\n\r\n"
    head, _, body = text.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0)
    while len(body) < length:
        body += connection.recv(4096)
    return (head + b"\r\n\r\n" + body).decode()


def answer(text: str) -> Behaviour:
    """A server that sends this text, with the line ends of HTTP, and closes the connection."""
    return lambda connection, _stop: connection.sendall(text.replace("\n", "\r\n").encode())


def hang(connection: socket.socket, stop: threading.Event) -> None:
    """Never answer."""
    stop.wait()


def make_authority(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """Make an authority, and a certificate for the names. Returns the authority's file and the server's TLS."""
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    now = datetime.now(UTC)

    def certificate(subject: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(authority)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        if is_authority:
            uses = dict.fromkeys(_KEY_USES, False) | {"key_cert_sign": True}
            builder = builder.add_extension(x509.KeyUsage(**uses), critical=True)
        else:
            builder = builder.add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
        return builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    file = folder / "authority.pem"
    file.write_bytes(certificate("authority", authority_key, is_authority=True))
    pem = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(certificate("server", server_key, is_authority=False) + pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.pem")
    return file, tls


@dataclass
class Received:
    """One request that a receiver of webhooks got."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def event(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def signatures(self) -> list[str]:
        return self.headers["webhook-signature"].split(" ")

    def is_signed_with(self, secret: str) -> bool:
        """Whether one of the signatures is of this secret, whatever the time."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        return Webhook(secret).sign(self.id, at, self.body) in self.signatures

    def verify(self, secret: str) -> None:
        """Check id, time and signature as a receiver does. Raises an error of `standardwebhooks` if one is wrong.

        Raises `AssertionError` for a body that is not described by the API's document.
        """
        Webhook(secret).verify(self.body, self.headers)
        contract.check_delivery(self.event)


@dataclass
class WebhookReceiver:
    """A receiver of webhooks. It answers with the `statuses`, one after the other, and then with 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def ids(self) -> list[str]:
        return [one.id for one in self.received]


@contextmanager
def receiving() -> Iterator[WebhookReceiver]:
    """Run a receiver of webhooks on a free port of this machine. It keeps what it gets."""
    receiver = WebhookReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
