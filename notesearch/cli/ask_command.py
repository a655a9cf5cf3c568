"""`notesearch ask`, and `notesearch` alone: ask as you type, on the whole screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from typer import Argument

from notesearch.cli.app import CONFIG, INDEX, FilterCommand, app, examples
from notesearch.cli.chosen_index import drift_message
from notesearch.cli.index_choice import choose_index
from notesearch.cli.note_file import find_file, open_file
from notesearch.errors import UsageError, say_nothing
from notesearch.records import Hit


@app.command(
    cls=FilterCommand,
    epilog=examples("notesearch ask", 'notesearch ask "reward model tag:dpo"'),
)
def ask(
    words: list[str] | None = Argument(None, metavar="[TEXT…]", help="The question to begin with."),
    wanted_index: str | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Ask as you type, with hits and a preview on the whole screen.

    Enter opens the note in your editor, Tab filters by a tag, Escape leaves. `notesearch`
    alone does the same, where there is an index.
    """
    if not is_on_terminal():
        raise UsageError("ask needs a terminal; elsewhere use: notesearch query")
    from notesearch.cli.picker.screen import Picker

    chosen = choose_index(config, wanted_index)
    chosen.require()

    def open_hit(hit: Hit) -> None:
        note, _ = index.show(hit.note_id)
        section = hit.section[-1] if hit.section else ""
        file = find_file(index, note, chosen)
        open_file(file, hit.line_start, section, chosen.settings.editor)

    picker = Picker(open_hit, " ".join(words or []).strip(), which=chosen.which())
    with chosen.open(say=picker.say) as index:
        picker.run(index, lambda: drift_message(index, chosen))


def can_ask() -> bool:
    """Return whether there is an index to ask, and a person who sees the whole screen."""
    return is_on_terminal() and choose_index(None, warn=say_nothing).exists()


def is_on_terminal() -> bool:
    """Return whether a person sees the whole screen and can type."""
    streams = (sys.stdin, sys.stdout)
    is_terminal = all(stream is not None and stream.isatty() for stream in streams)
    return is_terminal and os.environ.get("TERM") != "dumb"
