"""An index that agents ask, by the words of a text; and `notesearch mcp` as a client starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from notesearch import Index
from tests.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
# Of the handshake, and of the revision after it.
REVISIONS = ("legacy", "2026-07-28")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


@pytest.fixture(scope="session")
def index(library: Path) -> Iterator[Index]:
    with Index.open(library / "index", WordEmbedder(name="notesearch-encoder")) as opened:
        yield opened


@pytest.fixture
def make_index(tmp_path: Path) -> Iterator[Callable[..., Index]]:
    """Makes an index of the texts of notes by their ids."""
    opened: list[Index] = []

    def make(texts: dict[str, str]) -> Index:
        index = Index.open(tmp_path / "made", WordEmbedder(), create=True)
        opened.append(index)
        for note_id, text in texts.items():
            index.add(text, id=note_id)
        return index

    yield make
    for index in opened:
        index.close()


class Started:
    """A server in a process of its own, spoken to line by line."""

    def __init__(self, *arguments: str, cwd: Path, module: str = "tests.word_model") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "mcp", *arguments],
            cwd=cwd,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        self.lines: list[str] = []

    def send(self, method: str, params: object = None, number: int | None = 1) -> None:
        message: dict[str, object] = {"jsonrpc": "2.0", "method": method}
        message |= {} if number is None else {"id": number}
        message |= {} if params is None else {"params": params}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def receive(self) -> Any:
        assert self.process.stdout is not None
        self.lines.append(self.process.stdout.readline())
        return json.loads(self.lines[-1])

    def greet(self) -> Any:
        self.send("initialize", HELLO)
        result = self.receive()["result"]
        self.send("notifications/initialized", number=None)
        return result

    def call(self, tool: str, **arguments: object) -> tuple[bool, str]:
        """Whether a tool failed, and its text."""
        self.send("tools/call", {"name": tool, "arguments": arguments})
        result = self.receive()["result"]
        return result["isError"], result["content"][0]["text"]

    def end(self) -> tuple[int, str, str]:
        """Close stdin; the exit code, and what else came on stdout and on stderr."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def started() -> Iterator[Callable[..., Started]]:
    """Starts servers, and ends those that the test has left."""
    running: list[Started] = []

    def start(*arguments: str, cwd: Path, module: str = "tests.word_model") -> Started:
        running.append(Started(*arguments, cwd=cwd, module=module))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()
