"""`notesearch papers` and `cite`: the papers that the notes are on, and how they are cited."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
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
)
from notesearch.cli.chosen_index import open_as_they_are
from notesearch.cli.completion import complete_filter, complete_note
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.errors import UsageError
from notesearch.render.terminal import style_of

if TYPE_CHECKING:
    from notesearch.library import Index
    from notesearch.papers import Paper

_NUMBER = re.compile(r"[1-9]\d{0,4}")


@app.command(
    cls=FilterCommand,
    epilog=examples("notesearch papers", "notesearch papers tag:rlhf since:2026 --several"),
)
def papers(
    where: list[str] | None = Argument(
        None,
        metavar="[FILTER…]",
        help="Only papers with a note that matches, as in tag:dpo since:2026.",
        autocompletion=complete_filter,
    ),
    several: bool = option(False, "--several", "Only papers that several notes are on."),
    json: bool = JSON,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """List the papers with all notes on them, those noted last first.

    Notes are on one paper where they name the same id, an arXiv id or its DOI, or where their
    titles are the same and years and ids do not say otherwise.
    """
    from notesearch.render.paper_lists import paper_lines, paper_to_json

    with open_as_they_are(choose_indexes(config, wanted_index)) as index:
        found = index.papers(" ".join(where) if where else None)
    if several:
        found = [paper for paper in found if len(paper.notes) > 1]
    for line in map(paper_to_json, found) if json else paper_lines(found, style_of(sys.stdout)):
        write(line)
    if not found:
        raise Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    cls=FilterCommand,
    epilog=examples(
        "notesearch cite alignment/dpo.md",
        "notesearch cite 1 3 --markdown",
        "notesearch cite tag:dpo -tag:survey > dpo.bib",
    ),
)
def cite(
    what: list[str] = Argument(
        metavar="NOTE|FILTER",
        help="The numbers of hits, a note as `show` takes it, or filters such as tag:dpo.",
        autocompletion=complete_note,
    ),
    bibtex: bool = option(False, "--bibtex", "Write entries for BibTeX or biber: the default."),
    csl: bool = option(False, "--csl", "Write CSL-JSON, for pandoc, Zotero and others."),
    markdown: bool = option(False, "--markdown", "Write a list of references in Markdown."),
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Write references to papers: for BibTeX, as CSL-JSON, in Markdown.

    Where a .bib file of yours has an entry for the paper, it is that. Others are made of what your
    notes say, and what no note says is left out. Keys are then made of author, year and title, as
    in rafailov2023direct; no two papers of an index have the same.
    """
    from notesearch.render.citations import CITATION_FORMATS

    chosen = {"bibtex": bibtex, "csl": csl, "markdown": markdown}
    named = [name for name, is_chosen in chosen.items() if is_chosen]
    if len(named) > 1:
        raise UsageError(f"--{named[0]} and --{named[1]} are two formats; give one of them")
    words = [word.strip() for word in what]
    if _is_filter(" ".join(words)):
        with open_as_they_are(choose_indexes(config, wanted_index)) as index:
            found = index.papers(" ".join(words))
        if not found:
            show_message("no note that matches is on a paper; to list notes, run: notesearch notes")
            raise Exit(ExitCode.NOTHING_RELEVANT)
    else:
        found = _papers_of_notes(words, config, wanted_index)
    for line in CITATION_FORMATS[named[0] if named else "bibtex"](found):
        write(line)


def _is_filter(line: str) -> bool:
    """Return whether a line is filters or was meant so; names of notes may have a colon too."""
    from notesearch.query.fields import FIELDS
    from notesearch.query.parser import parse_query

    field, colon, value = line.lstrip("-(").partition(":")
    if colon and field in FIELDS and not value[:1].isspace():
        return True  # if with a mistake, which the parser points at
    try:
        query = parse_query(line)
    except UsageError:
        return False
    return query.where is not None and not query.text


def _papers_of_notes(words: Sequence[str], config: Path | None, wanted: str | None) -> list[Paper]:
    """Return the paper of a note, or those of several hits by their numbers, each once."""
    from notesearch.cli.named_note import open_for_note

    are_numbers = len(words) > 1 and all(map(_NUMBER.fullmatch, words))
    with ExitStack() as opened:
        # Papers are gathered once for an index, whatever number of its hits are cited.
        named: dict[tuple[Path, ...], tuple[Index, list[str]]] = {}
        for name in [[word] for word in words] if are_numbers else [words]:
            chosen, index, note = opened.enter_context(open_for_note(name, "cite", config, wanted))
            index.show(note)  # an unknown name ends here, beside the words that it came from
            folders = tuple(one.index_dir for one in chosen)
            named.setdefault(folders, (index, []))[1].append(note)
        papers = [paper for index, notes in named.values() for paper in index.papers_of(*notes)]
    return list({paper.key: paper for paper in papers}.values())
