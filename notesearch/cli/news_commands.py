"""`notesearch new` and `queue`: what is new in the notes, and what is to be done and read next."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument, Exit

from notesearch.cli.app import (
    CONFIG,
    INDEXES,
    JSON,
    FilterCommand,
    app,
    examples,
    option,
    require_within,
)
from notesearch.cli.chosen_index import open_as_they_are, open_together
from notesearch.cli.completion import complete_filter
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.output import ExitCode, show_message, show_warning, write
from notesearch.errors import UsageError
from notesearch.render.terminal import style_of, to_json

if TYPE_CHECKING:
    from notesearch.reading_queue import ReadingQueue

_MOST = 1_000_000
_LISTED = 30


@app.command(
    epilog=examples("notesearch new", "notesearch new --mark", "notesearch new --since 7d --json")
)
def new(
    since: str = option(
        "last", "--since", "Since last (the last --mark), 7d, 2w, or a date.", "TIME"
    ),
    mark: bool = option(False, "--mark", "Begin the next list where this one ends."),
    most: int = option(_LISTED, "-n", "List at most N notes, and N answers of a question.", "N"),
    update: bool = option(False, "--update", "Update the index first."),
    json: bool = JSON,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """List what is new in your notes.

    That is notes that are new, passages that have changed, how many notes are gone, and what newly
    answers each question of "notesearch save". A text that only moved is not new. Looking does not
    change what is new: --mark does.
    """
    from notesearch.render.news_lists import news_lines

    require_within("-n", most, 1, _MOST)
    chosen = choose_indexes(config, wanted_index)
    with open_together(chosen, "", update=update) as index:
        news = index.news(since)
        if json:
            write(to_json(news))
        for line in () if json else news_lines(news, most, style_of(sys.stdout)):
            write(line)
        for one in news.unasked:
            show_warning(f"@{one.name} cannot be asked: {one.reason}")
        if mark:
            index.mark_news()
    if mark:
        show_message("the next notesearch new begins here")
    elif since == "last" and not news.is_none:
        show_message("to begin the next list here, run: notesearch new --mark")
    if news.is_none:
        if since == "last":
            show_message("to look further back, run: notesearch new --since 7d")
        raise Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    cls=FilterCommand,
    epilog=examples(
        "notesearch queue", "notesearch queue tag:rl --papers", "notesearch queue --json"
    ),
)
def queue(
    where: list[str] | None = Argument(
        None,
        metavar="[FILTER…]",
        help="Only what passages say that match, as in tag:rl since:2026.",
        autocompletion=complete_filter,
    ),
    steps: bool = option(False, "--steps", "List only what is to be done."),
    papers: bool = option(False, "--papers", "List only papers to read."),
    most: int | None = option(
        None, "-n", f"List at most N of each; {_LISTED} unless --json is given.", "N"
    ),
    json: bool = JSON,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """List what your notes say is to be done and read next.

    That is tasks (- [ ], TODO), what stands under headings such as Next steps, To read or Open
    questions, and the papers that notes name and no note is on, most often named first.
    """
    if steps and papers:
        raise UsageError("--steps and --papers leave each other out; give one, or none for both")
    if most is not None:
        require_within("-n", most, 1, _MOST)
    with open_as_they_are(choose_indexes(config, wanted_index)) as index:
        found = index.reading_queue(" ".join(where) if where else None)
    shown = _part_of(found, steps=steps, papers=papers, most=most if json else None)
    if json:
        write(to_json(shown))
    else:
        _show(shown, most or _LISTED)
    if not (shown.steps or shown.papers):
        show_message("no note says what is next, or names a paper that no note is on")
        raise Exit(ExitCode.NOTHING_RELEVANT)


def _part_of(found: ReadingQueue, *, steps: bool, papers: bool, most: int | None) -> ReadingQueue:
    from notesearch.reading_queue import ReadingQueue

    return ReadingQueue(
        steps=() if papers else found.steps[:most],
        papers=() if steps else found.papers[:most],
    )


def _show(found: ReadingQueue, most: int) -> None:
    from notesearch.render.news_lists import step_lines, unread_lines

    style = style_of(sys.stdout)
    if found.steps:
        write(style.bold("to do"))
        for line in step_lines(found.steps, most, style):
            write(line)
    if found.papers:
        write(style.bold("\nto read" if found.steps else "to read"))
        for line in unread_lines(found.papers, most, style):
            write(line)
