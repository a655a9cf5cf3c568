"""docs/agents.md says what the program does."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from notesearch.mcp.client_config import CLIENTS
from notesearch.mcp.compact_text import MOST_CHARS
from notesearch.mcp.introduction import PROMPT_NAME
from notesearch.mcp.note_resources import SCHEME
from notesearch.mcp.tools import TOOLS
from tests.mcp.conftest import ROOT, environment

PAGE = (ROOT / "docs/agents.md").read_text(encoding="utf-8")


def test_tools_and_their_arguments_are_those_of_the_program():
    rows = re.findall(r"^\| `(\w+)` \| (`.+?) \|", PAGE, re.M)
    told = {name: re.findall(r"`(\w+)`", arguments) for name, arguments in rows}
    assert told == {name: list(tool.arguments) for name, tool in TOOLS.items()}


def test_clients_are_those_of_the_program():
    rows = re.findall(r"^\| ([\w ]+) \| `notesearch mcp --print-config (\w+)` \|", PAGE, re.M)
    assert rows == [(client.title, name) for name, client in CLIENTS.items()]


def test_limit_prompt_and_scheme_are_those_of_the_program():
    assert f"at most {MOST_CHARS:,} characters" in PAGE
    assert f"`{PROMPT_NAME}`" in PAGE
    assert f"`{SCHEME}`" in PAGE


@pytest.mark.slow
def test_conversation_is_what_the_program_says(shipped_index):
    held = subprocess.run(
        [sys.executable, "docs/agent_session.py", "--index", str(shipped_index)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert held.stdout in PAGE
