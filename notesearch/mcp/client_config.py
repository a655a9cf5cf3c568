"""What connects a client to `notesearch mcp`: the text to paste, and where it goes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_NAME = "notesearch"  # by which the client knows the server
_BESIDE = "where it has servers, put notesearch beside them"

Words = Sequence[str]  # a command, the program first


@dataclass(frozen=True, slots=True)
class Client:
    """A program that agents run in."""

    title: str
    place: str  # where the text goes
    text: Callable[[Words], str]


def _json_under(key: str, **more: str) -> Callable[[Words], str]:
    def write(command: Words) -> str:
        server = {**more, "command": command[0], "args": list(command[1:])}
        return json.dumps({key: {_NAME: server}}, indent=2, ensure_ascii=False)

    return write


def _shell_command(command: Words) -> str:
    return shlex.join(["claude", "mcp", "add", "--scope", "user", _NAME, "--", *command])


CLIENTS: Mapping[str, Client] = {
    "claude": Client(
        "Claude Desktop",
        "into claude_desktop_config.json, which Settings › Developer › Edit Config opens, and "
        f"start the program anew; {_BESIDE}",
        _json_under("mcpServers"),
    ),
    "code": Client("Claude Code", "into a shell, once, for all folders", _shell_command),
    "cursor": Client(
        "Cursor",
        f"into ~/.cursor/mcp.json, or .cursor/mcp.json of a folder; {_BESIDE}",
        _json_under("mcpServers"),
    ),
    "vscode": Client(
        "VS Code",
        f"into mcp.json, which the command MCP: Open User Configuration opens; {_BESIDE}",
        _json_under("servers", type="stdio"),
    ),
    "zed": Client(
        "Zed",
        f"into settings.json, which the command zed: open settings file opens; {_BESIDE}",
        _json_under("context_servers"),
    ),
}
