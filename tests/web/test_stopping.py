"""How `notesearch serve` ends, while others wait for it and it waits for others."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from tests.cli.conftest import start
from tests.conftest import make_library

pytest.importorskip("starlette", reason="the extra serve")

NEWS = "GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n"
NEVER_WHOLE = (
    "POST /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    "Content-Length: 9\r\n\r\n"
)
HARDLY_BEGUN = "GET /"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order_whoever_is_connected(tmp_path: Path, number):
    make_library(tmp_path)
    process = start("serve", "--port", "0", cwd=tmp_path)
    assert process.stderr is not None
    found = re.search(r"http://(127\.0\.0\.1:(\d+))/", process.stderr.readline())
    assert found is not None
    clients = []
    for request in (NEWS, NEVER_WHOLE, HARDLY_BEGUN):
        client = socket.create_connection(("127.0.0.1", int(found[2])), timeout=60)
        client.sendall(request.format(host=found[1]).encode())
        clients.append(client)
    assert clients[0].recv(1 << 16)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    for client in clients:
        client.close()
    assert (process.returncode, said) == (ExitCode.OK, "")
