"""Serve an agent over stdin, and over a descriptor that carries the protocol and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable

import anyio
from mcp.server.stdio import stdio_server

from notesearch.library import Index
from notesearch.mcp.agent_server import make_server


def serve_over_stdio(open_index: Callable[[], Index], wire: int) -> None:
    """Answer on the descriptor `wire` what comes from stdin, until that ends."""
    anyio.run(_serve, open_index, wire)


async def _serve(open_index: Callable[[], Index], wire: int) -> None:
    server = make_server(open_index)
    answers = io.TextIOWrapper(io.FileIO(wire, "w"), encoding="utf-8", write_through=True)
    async with stdio_server(stdout=anyio.wrap_file(answers)) as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
