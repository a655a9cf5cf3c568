"""The server at `/mcp` of an application, asked over real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
import uvicorn
from mcp import Client
from starlette.applications import Starlette
from starlette.routing import Route

from notesearch.mcp.over_http import mcp_application
from tests.mcp.conftest import HELLO, REVISIONS

HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
GREETING = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}


@pytest.fixture(scope="module")
def address(index) -> Iterator[str]:
    agents = mcp_application(index)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with agents.run():
            yield

    app = Starlette(routes=[Route("/mcp", agents)], lifespan=lifespan)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    (socket,) = server.servers[0].sockets
    yield f"http://127.0.0.1:{socket.getsockname()[1]}/mcp"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("revision", [*REVISIONS, "auto"])
def test_client_of_the_sdk_lists_searches_and_reads(address, revision):
    async def talk():
        async with Client(address, mode=revision) as client:
            tools = await client.list_tools()
            found = await client.call_tool("search", {"question": "reward policy"})
            note = await client.read_resource("note://rl/dpo.md")
            wrong = await client.call_tool("search", {"question": "x", "k": -1})
            return client.protocol_version, client.instructions, tools, found, note, wrong

    version, told, tools, found, note, wrong = anyio.run(talk)
    assert version == ("2025-11-25" if revision == "legacy" else "2026-07-28")
    # A client that takes a revision for granted has asked for no introduction.
    assert (told or "").startswith("The user's own" if revision != "2026-07-28" else "")
    assert len(tools.tools) == 4
    assert found.content[0].text.startswith("1. ")
    assert "implied by the policy" in note.contents[0].text
    assert wrong.is_error


def test_clients_at_once_get_their_own_answers(address):
    words = ["reward", "image", "speech", "policy"] * 6
    got: dict[int, str] = {}

    async def one(number):
        async with Client(address) as client:
            result = await client.call_tool("search", {"question": words[number], "k": 1})
            got[number] = result.content[0].text

    async def talk():
        async with anyio.create_task_group() as group:
            for number in range(len(words)):
                group.start_soon(one, number)

    anyio.run(talk)
    assert all(words[number] in got[number] for number in range(len(words)))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8477"}, 200),
        ({"host": "localhost"}, 421),
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:80"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://localhost:3000"}, 403),
        ({"origin": "http://localhost:3000"}, 200),
        ({"content-type": "text/plain"}, 400),
    ],
)
def test_request_from_elsewhere_is_refused(address, changed, status):
    answer = httpx2.post(address, json=GREETING, headers={**HEADERS, **changed})
    assert answer.status_code == status


def test_hosts_are_those_that_are_named_or_any_where_another_decides(index):
    def status(hosts: list[str] | None, host: str) -> int:
        agents = mcp_application(index, hosts)

        async def ask() -> int:
            transport = httpx2.ASGITransport(agents)
            async with agents.run(), httpx2.AsyncClient(transport=transport) as client:
                headers = {**HEADERS, "host": host}
                answer = await client.post("http://x/mcp", json=GREETING, headers=headers)
                return answer.status_code

        return anyio.run(ask)

    assert status(["localhost:8477"], "localhost:8477") == 200
    assert status(["localhost:8477"], "localhost:8478") == 421
    assert status([], "localhost:8477") == 421
    assert status(None, "notes.example") == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_only_questions_are_taken_and_nothing_waits_open(address, method):
    answer = httpx2.request(method, address, headers=HEADERS, timeout=30)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


def test_body_that_is_too_large_or_no_json_is_refused(address):
    large = {**GREETING, "params": {**HELLO, "more": "x" * 100_000}}
    assert httpx2.post(address, json=large, headers=HEADERS).status_code == 413
    for body in (b"", b"{", b"[]", b"\xff", b'"\\ud800"'):
        assert httpx2.post(address, content=body, headers=HEADERS).status_code == 400
