"""`notesearch query` and `similar`: ask, and show the hits in the form that is wanted."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notesearch.cli.app import (
    MOST_ASKED,
    Asking,
    ConfigOption,
    IndexOption,
    RerankOption,
    app,
    examples,
    open_index,
    read_path,
    require_within,
)
from notesearch.cli.batches import answer_batch, open_lines
from notesearch.cli.output import tell, write
from notesearch.cli.places import Place, read_place
from notesearch.cli.updating import update as update_index
from notesearch.errors import CorpusError, UsageError
from notesearch.exit_codes import ExitCode
from notesearch.render.terminal import escaped
from notesearch.search.answer import Answer, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from notesearch.library import Index
    from notesearch.query.filters import Filter
    from notesearch.records import Hit

_SHOWN_LINES = 4  # of a passage, unless it is asked for whole
_AS_IT_IS = "answered from the index as it is"


def _flag(name: str, text: str) -> object:
    return typer.Option(name, help=text)


def _filter(name: str, metavar: str, text: str) -> object:
    return typer.Option(name, metavar=metavar, help=text)


# The forms that hits can be written in.
_Json = Annotated[bool, _flag("--json", "One JSON array.")]
_Jsonl = Annotated[bool, _flag("--jsonl", "A JSON object a line.")]
_Csv = Annotated[bool, _flag("--csv", "CSV with a line of names.")]
_Markdown = Annotated[bool, _flag("--markdown", "A list with citations.")]
_Paths = Annotated[bool, _flag("--paths", "The files alone, best first.")]


@app.command(
    cls=Asking,
    epilog=examples(
        'notesearch query "why DPO avoids reward model"',
        'notesearch query "limits of RLHF tag:alignment -tag:survey after:2025-06"',
        'notesearch query "section:limitations calibration" -k 3 --full',
        "notesearch query --tag dpo --json | jq '.[0].text'",
    ),
)
def query(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT…", help="A question, filters among it.")
    ] = None,
    k: Annotated[int, typer.Option("-k", metavar="N", help="Hits to show.")] = 10,
    mode: Annotated[Mode, typer.Option("--mode", help="Ranked by what.")] = Mode.HYBRID,
    per_note: Annotated[
        int, typer.Option("--per-note", metavar="N", help="Passages of one note at most.")
    ] = 1,
    all_passages: Annotated[
        bool, typer.Option("--all-passages", help="Any number of passages of a note.")
    ] = False,
    min_score: Annotated[
        float | None, typer.Option("--min-score", metavar="X", help="Leave out lower scores.")
    ] = None,
    rerank: RerankOption = None,
    update: Annotated[
        bool, typer.Option("--update", help="Bring the index in step first.")
    ] = False,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FILE",
            parser=read_path,
            help="A query a line (- for stdin), a JSON object a line out.",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, _filter("--tag", "TAG", "With this tag; may be repeated.")
    ] = None,
    any_tag: Annotated[list[str] | None, _filter("--any-tag", "TAG", "With one of these.")] = None,
    not_tag: Annotated[list[str] | None, _filter("--not-tag", "TAG", "Without this tag.")] = None,
    since: Annotated[str | None, _filter("--since", "DATE", "Dated then or later.")] = None,
    until: Annotated[str | None, _filter("--until", "DATE", "Dated then or earlier.")] = None,
    path: Annotated[str | None, _filter("--path", "GLOB", "In files that match.")] = None,
    section: Annotated[str | None, _filter("--section", "ROLE", "In sections of a role.")] = None,
    paper: Annotated[str | None, _filter("--paper", "ID", "On this paper.")] = None,
    kind: Annotated[str | None, _filter("--kind", "KIND", "note, digest-part, index-page.")] = None,
    json: _Json = False,
    jsonl: _Jsonl = False,
    csv: _Csv = False,
    markdown: _Markdown = False,
    paths: _Paths = False,
    full: Annotated[bool, _flag("--full", "Whole passages.")] = False,
    context: Annotated[
        int, typer.Option("--context", metavar="N", help="Passages around each hit.")
    ] = 0,
    explain: Annotated[bool, _flag("--explain", "How each hit came about.")] = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Ask a question: ranked passages, with file and lines.

    The line may hold filters (tag: -tag: since: until: path: section: paper: kind: author:
    year:), "exact phrases", OR and brackets; filters alone list the newest notes.
    """
    named = {
        "since": since,
        "until": until,
        "path": path,
        "section": section,
        "paper": paper,
        "kind": kind,
    }
    where = _where(tag or [], any_tag or [], not_tag or [], named)
    form = _form_of(json=json, jsonl=jsonl, csv=csv, markdown=markdown, paths=paths)
    require_within("-k", k, 1, MOST_ASKED)
    require_within("--per-note", per_note, 1, MOST_ASKED)
    require_within("--context", context, 0, MOST_ASKED)
    if min_score is not None and not isfinite(min_score):
        raise UsageError(f"--min-score takes a number such as 0.5, found {min_score}")
    line = " ".join(words or [])

    def ask(index: Index, text: str) -> Answer:
        most = None if all_passages else per_note
        answer = index.search(text, k, where, mode=mode, per_note=most, rerank=rerank)
        lowest = -inf if min_score is None else min_score
        return replace(answer, hits=tuple(hit for hit in answer.hits if hit.score >= lowest))

    place = read_place(config, index_dir)
    if batch is not None:
        _require_batch_alone(line, form)
        with open_lines(batch) as lines, _ready_index(place, "", update=update) as index:
            answer_batch(lines, partial(ask, index))
        return
    if where is None and not line.strip():
        raise UsageError('the query is empty; ask, as in notesearch query "why DPO works"')
    with _ready_index(place, line, update=update) as index:
        answer = ask(index, line)
        if form is not None:
            for text in form(answer.hits):
                write(text)
        else:
            _show(index, line, answer, answer.hits, full=full, context=context, explain=explain)
    if answer.weak or not answer.hits:
        raise typer.Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    epilog=examples(
        "notesearch similar alignment/dpo.md",
        'notesearch similar "LIMA: Less Is More for Alignment"',
    )
)
def similar(
    note: Annotated[str, typer.Argument(metavar="NOTE", help="Id, path, title or passage id.")],
    k: Annotated[int, typer.Option("-k", metavar="N", help="Notes to show.")] = 10,
    where: Annotated[
        str | None, typer.Option("--where", metavar="FILTER", help='As in "tag:dpo -tag:survey".')
    ] = None,
    json: _Json = False,
    jsonl: _Jsonl = False,
    csv: _Csv = False,
    markdown: _Markdown = False,
    paths: _Paths = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Find notes like one of yours; those on the very same paper are told apart."""
    form = _form_of(json=json, jsonl=jsonl, csv=csv, markdown=markdown, paths=paths)
    require_within("-k", k, 1, MOST_ASKED)
    with open_index(read_place(config, index_dir)) as index:
        answer = index.similar(note, k, where)
        if form is not None:
            for text in form(answer.hits):
                write(text)
        else:
            same = [hit for hit in answer.hits if hit.note_id in answer.same_paper]
            others = [hit for hit in answer.hits if hit.note_id not in answer.same_paper]
            for heading, hits in (("on the same paper:", same), ("like it:", others)):
                if hits:
                    tell(heading)
                    _show(index, "", answer, hits, full=False, context=0, explain=False)
    if not answer.hits:
        raise typer.Exit(ExitCode.NOTHING_RELEVANT)


def _show(
    index: Index,
    line: str,
    answer: Answer,
    hits: Sequence[Hit],
    *,
    full: bool,
    context: int,
    explain: bool,
) -> None:
    """Write hits for a person, and what explains them."""
    from notesearch.render.hits import explanation, hit_lines, text_runs
    from notesearch.render.terminal import style_of

    if not hits:
        tell("nothing found")
        return
    if answer.weak:
        tell("nothing relevant found; the nearest there is:")
    style = style_of(sys.stdout)
    words = " ".join(answer.terms) or line
    max_chars = None if full or context else _SHOWN_LINES * style.width
    corpus = index.corpus
    blocks = []
    for hit in hits:
        runs = text_runs(index.passage_text(hit, around=context), words, max_chars)
        lines = [*hit_lines(hit, runs, style, corpus)]
        if explain:
            lines += explanation(hit, answer, style)
        blocks.append("\n".join(lines))
    write("\n\n".join(blocks))


def _require_batch_alone(line: str, form: object) -> None:
    if line.strip():
        raise UsageError("give a query on the command line or a file with --batch, not both")
    if form is not None:
        raise UsageError("--batch has its own form, a JSON object a line; leave the other out")


def _ready_index(place: Place, line: str, *, update: bool) -> Index:
    """Open the index, and say when it is behind its corpus; the default one is made if missing.

    A query line that cannot be read ends before anything is made for it.
    """
    from notesearch.query import parse_query

    is_new = not place.has_index()
    if is_new and not place.is_default:
        place.require_index()
    if is_new and line.strip():
        parse_query(line)
    index = open_index(place, create=is_new)
    if is_new:
        tell(escaped(f"no index in {place.index_dir} yet: making one of {index.corpus}"))
    if is_new or update:
        # Who asks first does not wait for another's first build, and is told who is at it.
        _update(index, place, wait_s=0.0 if is_new else 10.0)
    else:
        _tell_drift(index, place)
    return index


def _tell_drift(index: Index, place: Place) -> None:
    """Say when the index is behind its corpus; a corpus that cannot be asked stops no answer."""
    from notesearch.render.reports import drift_line

    try:
        drift = index.drift()
    except CorpusError as error:
        tell(escaped(f"{error}; {_AS_IT_IS}"))
        return
    except OSError as error:
        tell(escaped(f"corpus {index.corpus} cannot be read: {error.strerror}; {_AS_IT_IS}"))
        return
    if drift is not None and (behind := drift_line(drift, place.index_command(index.corpus))):
        tell(behind)
    elif drift is None and not os.path.isdir(index.corpus):  # noqa: PTH112 - is_dir may raise
        tell(escaped(f"corpus {index.corpus} is not there; {_AS_IT_IS}"))


def _update(index: Index, place: Place, *, wait_s: float) -> None:
    """Bring the index in step, and say what was done if anything was."""
    from notesearch.render.reports import report_lines

    report = update_index(index, place, wait_s=wait_s)
    if not report.is_unchanged:
        for line in report_lines(report):
            tell(line)


def _where(
    tags: Sequence[str],
    any_tags: Sequence[str],
    not_tags: Sequence[str],
    named: Mapping[str, str | None],
) -> Filter | None:
    """Make one filter of the filter options."""
    from notesearch.library import filter_of
    from notesearch.query.filters import AnyOf, Not, all_of

    parts: list[Filter] = [filter_of("tag", name) for name in tags]
    if any_tags:
        parts.append(AnyOf(tuple(filter_of("tag", name) for name in any_tags)))
    parts += [Not(filter_of("tag", name)) for name in not_tags]
    parts += [filter_of(name, value) for name, value in named.items() if value is not None]
    return all_of(parts)


def _form_of(
    *, json: bool, jsonl: bool, csv: bool, markdown: bool, paths: bool
) -> Callable[[Sequence[Hit]], Iterator[str]] | None:
    """Choose how hits are written; None for the form for people."""
    from notesearch.render import tables

    forms = {
        "--json": (json, tables.json_lines),
        "--jsonl": (jsonl, tables.jsonl_lines),
        "--csv": (csv, tables.csv_lines),
        "--markdown": (markdown, tables.markdown_lines),
        "--paths": (paths, tables.path_lines),
    }
    chosen = [(name, form) for name, (wanted, form) in forms.items() if wanted]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(name for name, _ in chosen)} exclude each other")
    return chosen[0][1] if chosen else None
