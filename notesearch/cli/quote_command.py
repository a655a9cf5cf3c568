"""`notesearch quote`: find the passage that says a sentence which is half remembered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument, Exit

from notesearch.cli.app import (
    CONFIG,
    INDEXES,
    JSON,
    WHERE,
    FilterCommand,
    app,
    examples,
    option,
    require_within,
)
from notesearch.cli.chosen_index import open_as_they_are
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.errors import UsageError
from notesearch.render.hit_formats import json_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.library import Index
    from notesearch.search.quotes import Quote

_MOST_QUOTES = 200


@app.command(
    cls=FilterCommand,
    epilog=examples(
        'notesearch quote "the policy already is a reward model"',
        'notesearch quote "entropy falls in the first steps" --where tag:rl',
        'notesearch quote "entropy falls in the first steps" --json',
    ),
)
def quote(
    words: list[str] = Argument(metavar="TEXT…", help="The sentence, as you remember it."),
    k: int = option(5, "-k", "Show at most N passages.", "N"),
    where: str | None = WHERE,
    json: bool = JSON,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Find where your notes say a sentence that you half remember.

    Passages that say it word for word come first, then those where words are missing, changed or
    in another order, at last those that mean it. What differs is marked: [-your words-] and
    {+those of the note+}.
    """
    from notesearch.cli.last_list import keep_hits, quoted

    require_within("-k", k, 1, _MOST_QUOTES)
    text = " ".join(words).strip()
    if not text:
        raise UsageError(
            'the quote is empty; give a sentence, as in notesearch quote "DPO needs no reward"'
        )
    chosen = choose_indexes(config, wanted_index)
    with open_as_they_are(chosen) as index:
        quotes = index.quote(text, k, where)
        if json:
            for line in json_lines(quotes):
                write(line)
        else:
            _show(index, quotes, chosen)
            keep_hits([one.hit for one in quotes], f"the passages that say {quoted(text)}", chosen)
    if all(one.hit.weak for one in quotes):
        raise Exit(ExitCode.NOTHING_RELEVANT)


def _show(index: Index, quotes: Sequence[Quote], chosen: Sequence[ChosenIndex]) -> None:
    from notesearch.cli.hit_links import links_of_hits
    from notesearch.render.quotes import LEGEND, quote_lines
    from notesearch.render.terminal import style_of
    from notesearch.search.quotes import FoundBy

    if not quotes:
        show_message("nothing found")
        return
    if all(one.hit.weak for one in quotes):
        show_message("no note says it, nor anything like it; the nearest there is:")
    if any(one.found is FoundBy.NEAR for one in quotes):
        show_message(LEGEND)
    style = style_of(sys.stdout)
    hits = [one.hit for one in quotes]
    links = links_of_hits(index, chosen, hits) if style.links else [None] * len(hits)
    blocks = [
        "\n".join(quote_lines(one, style, link)) for one, link in zip(quotes, links, strict=True)
    ]
    write("\n\n".join(blocks))
