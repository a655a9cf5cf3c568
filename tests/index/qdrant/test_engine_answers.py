"""What stands at the address of an engine answers something else than an engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from notesearch import Index
from notesearch.index.qdrant import engine_requests
from notesearch.index.qdrant.engine_errors import KEY_VARIABLE, EngineError
from tests.fakes import WordEmbedder

KEY = "the-key-of-the-engine"


class Answering(ThreadingHTTPServer):
    """Gives the same answer to every request, and keeps the paths that were asked."""

    daemon_threads = True
    status = 200
    body = b""
    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(self.server.body)))
        for header in self.server.headers:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setattr(engine_requests, "WAITS_S", (0.0, 0.0))
    with Answering() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def open_at(server: Answering) -> str:
    """Return what opening the index says, which goes wrong."""
    address = f"qdrant://127.0.0.1:{server.server_port}/notes"
    with pytest.raises(EngineError) as raised:
        Index.open(address, WordEmbedder())
    said = str(raised.value)
    assert said.startswith(f"{address} answers ")
    assert said.isprintable()
    assert KEY not in said
    return said


@pytest.mark.parametrize(
    "body", [b"", b"<html>a page</html>", b"\x00\xff", b"null", b'{"result": 1}', b"[" * 100_000]
)
def test_what_is_no_engine_is_named(server: Answering, body: bytes):
    server.body = body
    assert "answers as no Qdrant does" in open_at(server)
    assert len(server.asked) == 1


def test_an_engine_that_repeats_the_key_has_it_shown_nowhere(server: Answering):
    server.status, server.body = 400, f"no \x1b[2Jsuch\nkey: {KEY}".encode()
    assert "HTTP 400: no [2Jsuch key: …; look into the log" in open_at(server)


def test_an_engine_that_asks_for_a_pause_is_asked_again(server: Answering):
    server.status, server.headers = 429, (("Retry-After", "1"),)
    assert "HTTP 429" in open_at(server)
    assert len(server.asked) == 3


def test_the_key_follows_no_redirect(server: Answering):
    server.status = 307
    server.headers = (("Location", f"http://127.0.0.1:{server.server_port}/elsewhere"),)
    assert "HTTP 307; look into the log" in open_at(server)
    assert "/elsewhere" not in server.asked
