"""The page of an index, served from a thread to real sockets."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from notesearch import Index
from notesearch.watch import IndexWatch
from notesearch.web.application import make_application
from notesearch.web.served_index import ServedIndex
from notesearch.web.server import Server, addresses_of, bind


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    index: Index
    address: str
    port: int

    def get(self, path: str, **headers: str) -> Got:
        return self.request("GET", path, headers)

    def request(
        self, method: str, path: str, headers: Mapping[str, str] = {}, body: bytes | None = None
    ) -> Got:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, named)
            return got_from(connection.getresponse())
        finally:
            connection.close()

    def send(self, raw: bytes) -> bytes:
        """What comes back for bytes as they are, until the server closes or says no more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
            client.sendall(raw)
            response = HTTPResponse(client)
            response.begin()
            return str(response.status).encode() + b" " + response.read()


def got_from(response: HTTPResponse) -> Got:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Got(response.status, headers, response.read())


@contextmanager
def running(
    index: Index, token: str | None = None, watch: IndexWatch | None = None
) -> Iterator[Running]:
    listener = bind("127.0.0.1", 0, token)
    hosts, address = addresses_of(listener, "127.0.0.1", token)
    if token is not None:
        hosts = None
    is_up = threading.Event()
    served = ServedIndex(index, "notes", watch=watch)
    application = make_application(served, hosts=hosts, token=token)
    server = Server(application, on_start=is_up.set, on_stop=served.close)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert is_up.wait(60)
        if watch is not None:
            watch.start()
        yield Running(index, address, listener.getsockname()[1])
    finally:
        if watch is not None:
            watch.stop()
        server.should_exit = True
        thread.join(60)
        listener.close()
    assert not thread.is_alive()
