"""`notesearch suggest-links`: notes that belong together and are not linked yet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument, Exit

from notesearch.cli.app import (
    CONFIG,
    INDEXES,
    JSON,
    OTHER_FOLDER,
    WHERE,
    FilterCommand,
    app,
    examples,
    option,
    require_within,
)
from notesearch.cli.chosen_index import open_as_they_are
from notesearch.cli.completion import complete_note
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.render.hit_formats import json_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.search.link_suggestions import LinkSuggestion

_MOST_SUGGESTIONS = 10_000


@app.command(
    "suggest-links",
    cls=FilterCommand,
    epilog=examples(
        "notesearch suggest-links",
        "notesearch suggest-links alignment/dpo.md --other-folder",
        "notesearch suggest-links --where tag:rlhf -k 20",
    ),
)
def suggest_links(
    note: list[str] | None = Argument(
        None,
        metavar="[NOTE]",
        help="A note as in show; without one, pairs of all notes are suggested.",
        autocompletion=complete_note,
    ),
    k: int = option(10, "-k", "Show at most N suggestions.", "N"),
    where: str | None = WHERE,
    other_folder: bool = OTHER_FOLDER,
    json: bool = JSON,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Pair notes that belong together and have no link yet.

    Each pair comes with the two sentences that are most alike, and rare words that both say.
    No note is in two pairs: name one to see all its partners. Notes on one paper, copies and the
    notes of one file are left out.
    """
    require_within("-k", k, 1, _MOST_SUGGESTIONS)
    if note:
        from notesearch.cli.named_note import open_for_note

        with open_for_note(note, "suggest-links", config, wanted_index) as (chosen, index, name):
            found = index.suggest_links(name, k, where, other_folder=other_folder)
    else:
        chosen = choose_indexes(config, wanted_index)
        with open_as_they_are(chosen) as index:
            found = index.suggest_links(None, k, where, other_folder=other_folder)
    if json:
        for line in json_lines(found):
            write(line)
    elif found:
        _show(found, chosen, of_a_note=bool(note))
    else:
        nothing = (
            "nothing belongs with it that is" if note else "no two notes belong together that are"
        )
        show_message(f"{nothing} not linked yet")
    if not found:
        raise Exit(ExitCode.NOTHING_RELEVANT)


def _show(
    found: Sequence[LinkSuggestion], chosen: Sequence[ChosenIndex], *, of_a_note: bool
) -> None:
    from notesearch.cli.last_list import keep_places
    from notesearch.render.suggestion_lists import numbered_notes, suggestion_lines
    from notesearch.render.terminal import style_of

    for line in suggestion_lines(found, style_of(sys.stdout), of_a_note=of_a_note):
        write(line)
    numbered = numbered_notes(found, of_a_note=of_a_note)
    what = f"the suggestions for {found[0].note.path}" if of_a_note else "the suggested links"
    keep_places([(at, one.passage_id, one.path, one.line) for at, one in numbered], what, chosen)
