"""Know how editors open a file at a line: by a command, and by an address that a terminal links.

An editor is known by its name alone, so that no settings file can say what is run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

OBSIDIAN = "obsidian"


_PLUS_LINE = ("+{line}", "{file}")
_GOTO = ("--goto", "{file}:{line}")
_COLON_LINE = ("{file}:{line}",)
# The arguments of a command; one that is not named here is given the file alone.
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("code", "codium", "cursor"), _GOTO),
    **dict.fromkeys(("zed", "subl"), _COLON_LINE),
    **dict.fromkeys(
        ("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "hx"), _PLUS_LINE
    ),
}
_ADDRESSES: Mapping[str, str] = {
    "code": "vscode://file{path}:{line}",
    "codium": "vscodium://file{path}:{line}",
    "cursor": "cursor://file{path}:{line}",
    "zed": "zed://file{path}:{line}",
    OBSIDIAN: "obsidian://open?path={path}{section}",
}
EDITORS = (*_ARGUMENTS, OBSIDIAN)
ADDRESSED = frozenset(_ADDRESSES)  # those that an address opens


def arguments_at_line(editor: str, file: Path, line: int) -> list[str]:
    """Return the arguments with which a program opens a file; an unknown one gets it alone."""
    patterns = _ARGUMENTS.get(Path(editor).name.lower(), ("{file}",))
    # The name of a file may hold braces itself.
    return [
        str(file).join(pattern.replace("{line}", str(line)).split("{file}")) for pattern in patterns
    ]


def note_address(
    editor: str, file: Path, line: int, section: str = "", *, takes_fragment: bool = False
) -> str:
    """Return the address that opens a file at a line, or in Obsidian at a section.

    For an editor without addresses of its own it is that of the file; `takes_fragment` where the
    terminal opens `file:///note.md#7` at the line.
    """
    address = _ADDRESSES.get(editor)
    path = quote(file.as_posix(), errors="surrogateescape")
    if address is None:
        return f"{file.as_uri()}#{line}" if takes_fragment else file.as_uri()
    heading = quote(f"#{section}", safe="", errors="replace") if section else ""
    return address.format(path=path, line=line, section=heading)


def editor_of(environment: Mapping[str, str], *, in_vault: bool) -> str:
    """Return the name of the editor that links open, "" for whatever opens such files.

    A vault is opened in Obsidian, a terminal of VS Code opens VS Code, and else it is the editor
    of VISUAL or EDITOR.
    """
    if in_vault:
        return OBSIDIAN
    if environment.get("TERM_PROGRAM") == "vscode":
        return "code"
    command = environment.get("VISUAL") or environment.get("EDITOR") or ""
    name = Path(command.split()[0]).name.lower() if command.split() else ""
    return name if name in EDITORS else ""


def is_in_vault(corpus: Path) -> bool:
    """Return whether a folder is, or lies in, a vault of Obsidian."""
    return any(os.path.isdir(folder / ".obsidian") for folder in (corpus, *corpus.parents))  # noqa: PTH112 - never raises
