"""`notesearch ask`, and `notesearch` alone: ask as you type, on the whole screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from typer import Argument, Context, Exit

from notesearch.cli.app import CONFIG, INDEXES, FilterCommand, app, examples
from notesearch.cli.chosen_index import drift_message, each_opened, open_as_they_are
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.note_file import find_file, open_file
from notesearch.cli.output import ExitCode, show_message
from notesearch.errors import UsageError
from notesearch.records import Hit


@app.command(
    cls=FilterCommand,
    epilog=examples("notesearch ask", 'notesearch ask "reward model tag:dpo"'),
)
def ask(
    ctx: Context,
    words: list[str] | None = Argument(None, metavar="[TEXT…]", help="The question to begin with."),
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Ask as you type, with hits and a preview on the whole screen.

    Enter opens the note in your editor, Tab filters by a tag, Escape leaves. `notesearch`
    alone does the same, where there is an index.
    """
    if not is_on_terminal():
        raise UsageError("ask needs a terminal; elsewhere use: notesearch query")
    chosen = choose_indexes(config, wanted_index)
    if not sys.argv[1:] and not chosen[0].exists() and ctx.parent is not None:
        show_message(ctx.parent.get_help())
        raise Exit(ExitCode.USAGE)
    for one in chosen:
        one.require()
    from notesearch.cli.picker.screen import Picker

    def open_hit(hit: Hit) -> None:
        note, _ = index.show(hit.note_id)
        section = hit.section[-1] if hit.section else ""
        file, editor = find_file(note, index, chosen)
        open_file(file, hit.line_start, section, editor)

    def find_news() -> str:
        said = (drift_message(opened, one) for one, opened in each_opened(index, chosen))
        return "; ".join(filter(None, said))

    picker = Picker(open_hit, " ".join(words or []).strip(), which=chosen[0].which())
    with open_as_they_are(chosen, say=picker.say) as index:
        picker.run(index, find_news)


def is_on_terminal() -> bool:
    """Return whether a person sees the whole screen and can type."""
    streams = (sys.stdin, sys.stdout)
    is_terminal = all(stream is not None and stream.isatty() for stream in streams)
    return is_terminal and os.environ.get("TERM") != "dumb"
