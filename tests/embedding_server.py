"""A small real server of the OpenAI embeddings API on this machine: words for a model."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes import WordEmbedder

KEY = "sk-secret-0123456789abcdef"


@dataclass(frozen=True)
class Received:
    """A request as the server got it."""

    path: str
    authorization: str | None
    body: dict[str, Any]


class Handler(BaseHTTPRequestHandler):
    """Answers `POST /v1/embeddings`, unless a fault of the server's does instead."""

    server: EmbeddingServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append(Received(self.path, self.headers["Authorization"], body))
        fault = self.server.faults.pop(0) if self.server.faults else self.server.always
        if fault is not None:
            fault(self)
        else:
            self.send(200, self.server.answer(body))

    def do_GET(self) -> None:  # a redirect that was followed would come so
        self.server.received.append(Received(self.path, self.headers["Authorization"], {}))
        self.send(200, {"data": []})

    def send(self, code: int, body: object, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Write no log."""


Fault = Callable[[Handler], None]


class EmbeddingServer(ThreadingHTTPServer):
    """Counts the words of a text, as `WordEmbedder` does, but gives no vector of length 1."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.model = WordEmbedder()
        self.received: list[Received] = []
        self.faults: list[Fault] = []  # each answers one request
        self.always: Fault | None = None  # answers all the others
        self.in_base64 = True
        self.released = threading.Event()  # lets go what hangs

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def texts(self) -> list[str]:
        return [text for one in self.received for text in one.body["input"]]

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the vectors of the texts, from the last to the first."""
        vectors = 3 * self.model.embed_passages(body["input"])
        shown = [
            base64.b64encode(row.astype("<f4").tobytes()).decode()
            if self.in_base64
            else row.tolist()
            for row in vectors
        ]
        data = [{"index": index, "embedding": one} for index, one in enumerate(shown)]
        return {"object": "list", "data": data[::-1], "model": body["model"]}

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that has gone: tests cut requests off."""


@contextmanager
def running_server() -> Iterator[EmbeddingServer]:
    """Yield a server that runs in a thread."""
    with EmbeddingServer() as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
