"""Agents ask the page's own index over HTTP, behind the same guard."""

from __future__ import annotations

import anyio
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client


def test_agent_gets_the_tools_and_an_answer(page):
    async def talk() -> tuple[set[str], str]:
        async with (
            streamable_http_client(f"{page.address}mcp") as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            answer = await session.call_tool("search", {"question": "reward policy", "k": 1})
            return {tool.name for tool in tools}, answer.content[0].text

    tools, text = anyio.run(talk)
    assert tools == {"search", "read", "similar", "list"}
    assert "rl/ppo.md:7" in text


def test_other_sites_reach_no_tool(page):
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    assert page.request("POST", "/mcp", headers, body).status == 200
    evil = headers | {"Origin": "http://evil.example"}
    assert page.request("POST", "/mcp", evil, body).status == 403
    assert page.request("POST", "/mcp", headers | {"Host": "evil.example"}, body).status == 421
