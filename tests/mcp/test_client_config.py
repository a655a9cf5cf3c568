"""`notesearch mcp --print-config`: what a person pastes into a client starts the server."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from notesearch.mcp.client_config import CLIENTS
from tests.cli.conftest import run as run
from tests.mcp.conftest import HELLO, environment

KEYS = {
    "claude": "mcpServers",
    "cursor": "mcpServers",
    "vscode": "servers",
    "zed": "context_servers",
}


def command_of(client: str, text: str) -> list[str]:
    if client == "code":
        words = shlex.split(text)
        assert words[:7] == ["claude", "mcp", "add", "--scope", "user", "notesearch", "--"]
        return words[7:]
    server = json.loads(text)[KEYS[client]]["notesearch"]
    assert server.get("type") == ("stdio" if client == "vscode" else None)
    return [server["command"], *server["args"]]


@pytest.mark.parametrize("client", CLIENTS)
def test_every_path_is_absolute_and_the_place_is_said(here, run, client):
    ended = run("mcp", "--print-config", client, "--index", "index")
    assert ended.code == ExitCode.OK
    assert ended.err.startswith(f"for {CLIENTS[client].title}: paste this into ")
    words = command_of(client, ended.out)
    assert Path(words[0]).is_absolute()
    assert words[words.index("mcp") :] == ["mcp", "--index", str(here / "index")]


def test_command_that_is_printed_starts_a_server_from_any_folder(here, tmp_path_factory):
    printed = subprocess.run(
        [sys.executable, "-m", "notesearch", "mcp", "--print-config", "claude"],
        cwd=here,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    command = command_of("claude", printed.stdout)
    greeting = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}
    ended = subprocess.run(
        command,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env=environment(),
        input=json.dumps(greeting) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "5 notes" in json.loads(ended.stdout)["result"]["instructions"]


def test_names_with_spaces_and_quotes_survive_the_paste(here, run):
    folder = here / 'my "own" notes\' index'
    ended = run("mcp", "--print-config", "code", "--index", str(folder))
    assert command_of("code", ended.out)[-1] == str(folder)
    assert re.search("holds no index.*the client can be connected before", ended.err)


def test_without_an_index_none_is_named_but_a_mistyped_name_is_an_error(here, run):
    shutil.rmtree(here / "index")
    ended = run("mcp", "--print-config", "claude")
    assert command_of("claude", ended.out)[-1] == "mcp"
    ended = run("mcp", "--print-config", "claude", "-i", "nope")
    assert (ended.code, ended.out) == (ExitCode.INDEX, "")


def test_unknown_client_is_one_error_with_those_that_are_known(here, run):
    ended = run("mcp", "--print-config", "emacs")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err == (
        "notesearch: --print-config takes one of claude, code, cursor, vscode, zed, found 'emacs'\n"
    )


def test_settings_that_the_person_names_go_along(here, run):
    (here / "own.yaml").write_text("editor: code\n", encoding="utf-8")
    ended = run("mcp", "--print-config", "zed", "--config", "own.yaml", "--index", "index")
    assert command_of("zed", ended.out)[-2:] == ["--config", str(here / "own.yaml")]


def test_without_the_extra_it_says_what_installs_it(tmp_path):
    program = (
        "import sys\nsys.modules['mcp'] = None\n"
        "from notesearch.cli import main\nsys.argv = ['notesearch', 'mcp']\nmain()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (ended.returncode, ended.stdout) == (ExitCode.USAGE, "")
    assert re.fullmatch(
        r"notesearch: notesearch mcp needs mcp\S*, which is not installed; "
        r"install the extra serve, as README.md says\n",
        ended.stderr,
    )
