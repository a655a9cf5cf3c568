"""Know how editors open a file at a line: by a command, and by an address that a terminal links.

An editor is known by its name alone, so that no settings file can say what is run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

OBSIDIAN = "obsidian"


@dataclass(frozen=True, slots=True)
class Editor:
    """How one editor takes a file and a line; both are put into the braces."""

    arguments: tuple[str, ...] = ()  # of its command; () for one that has none
    address: str | None = None  # None: it has none of its own


_PLUS_LINE = Editor(("+{line}", "{file}"))
EDITORS: Mapping[str, Editor] = {
    "code": Editor(("--goto", "{file}:{line}"), "vscode://file{path}:{line}"),
    "codium": Editor(("--goto", "{file}:{line}"), "vscodium://file{path}:{line}"),
    "cursor": Editor(("--goto", "{file}:{line}"), "cursor://file{path}:{line}"),
    "zed": Editor(("{file}:{line}",), "zed://file{path}:{line}"),
    "subl": Editor(("{file}:{line}",)),
    **dict.fromkeys(
        ("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "hx"), _PLUS_LINE
    ),
    OBSIDIAN: Editor((), "obsidian://open?path={path}{section}"),
}


def arguments_at_line(editor: str, file: Path, line: int) -> list[str]:
    """Return the arguments with which a program opens a file; an unknown one gets it alone."""
    known = EDITORS.get(Path(editor).name.lower())
    patterns = known.arguments if known and known.arguments else ("{file}",)
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
    known = EDITORS.get(editor)
    path = quote(file.as_posix(), errors="surrogateescape")
    if known is None or known.address is None:
        return f"{file.as_uri()}#{line}" if takes_fragment else file.as_uri()
    heading = quote(f"#{section}", safe="", errors="replace") if section else ""
    return known.address.format(path=path, line=line, section=heading)


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
