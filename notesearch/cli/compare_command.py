"""`notesearch compare`: two notes, papers or questions side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument, Exit

from notesearch.cli.app import (
    CONFIG,
    INDEXES,
    JSON,
    app,
    examples,
    option,
    require_within,
)
from notesearch.cli.completion import complete_note
from notesearch.cli.output import ExitCode, write
from notesearch.render.terminal import style_of, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.library import Index
    from notesearch.search.comparison import Comparison

_MOST_PAIRS = 200


@app.command(
    epilog=examples(
        "notesearch compare alignment/dpo.md alignment/ipo.md",
        "notesearch compare 1 3",
        'notesearch compare arxiv:2305.18290 "what does PPO cost?"',
    )
)
def compare(
    a: str = Argument(
        metavar="A",
        help="A note as in show, a paper by its id, title or key, or a question in quotes.",
        autocompletion=complete_note,
    ),
    b: str = Argument(metavar="B", help="What to compare it with.", autocompletion=complete_note),
    pairs: int = option(
        10, "-n", "List at most N pairs, and N sentences that only one side says.", "N"
    ),
    json: bool = JSON,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Put two notes, papers or questions side by side.

    First what both speak of, in pairs of sentences, then what only one does, by what the sections
    are for. All notes on a paper are compared; for a question, the passages that answer it. Where a
    name may mean several of these, put note:, paper: or question: in front.
    """
    from notesearch.cli.named_note import open_for_sides

    require_within("-n", pairs, 1, _MOST_PAIRS)
    with open_for_sides([a, b], config, wanted_index) as (chosen, index, names):
        found = index.compare(names[0], names[1], pairs)
        if json:
            write(to_json(found))
        else:
            _show(index, found, chosen)
    if not found.both:
        raise Exit(ExitCode.NOTHING_RELEVANT)


def _show(index: Index, found: Comparison, chosen: Sequence[ChosenIndex]) -> None:
    from dataclasses import replace

    from notesearch.cli.hit_links import links_of_hits
    from notesearch.render.comparisons import comparison_lines

    style = style_of(sys.stdout)
    addresses: dict[tuple[str, int], str | None] = {}
    if style.links:
        listed = [said for pair in found.both for said in (pair.a, pair.b)]
        listed += [*found.only_a, *found.only_b]
        hits = [replace(one.hit, line_start=one.line_start) for one in listed]
        for hit, link in zip(hits, links_of_hits(index, chosen, hits), strict=True):
            addresses[hit.path, hit.line_start] = link.address(hit) if link else None
    for line in comparison_lines(
        found, style, lambda said: addresses.get((said.hit.path, said.line_start))
    ):
        write(line)
