"""`notesearch query` and `similar`: ask, and show the hits in the form that is wanted."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notesearch.cli.app import (
    Asking,
    ConfigOption,
    IndexOption,
    RerankOption,
    app,
    examples,
    open_index,
    read_settings,
)
from notesearch.cli.output import tell, warn, write
from notesearch.errors import UsageError
from notesearch.exit_codes import ExitCode
from notesearch.search.answer import Answer, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

    from notesearch.pipeline import Index
    from notesearch.records import Hit
    from notesearch.search.filters import Filter

_SHOWN_LINES = 4  # of a passage, unless it is asked for whole


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
    if k < 1 or per_note < 1 or context < 0:
        raise UsageError("-k and --per-note must be 1 or more, and --context 0 or more")
    line = " ".join(words or [])
    lines = _lines_of(batch, line, form) if batch is not None else None
    if lines is None and where is None and not line.strip():
        raise UsageError('the query is empty; ask, as in notesearch query "why DPO works"')
    with _ready_index(config, index_dir, update=update) as index:

        def ask(text: str) -> Answer:
            most = None if all_passages else per_note
            answer = index.search(text, k, where, mode=mode, per_note=most, rerank=rerank)
            lowest = -inf if min_score is None else min_score
            return replace(answer, hits=tuple(hit for hit in answer.hits if hit.score >= lowest))

        if lines is not None:
            _answer_batch(lines, ask)
            return
        answer = ask(line)
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
    with open_index(config, index_dir) as index:
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


def _answer_batch(lines: Iterator[str], ask: Callable[[str], Answer]) -> None:
    """Answer a query a line with a JSON object a line; a wrong query gives its error."""
    from notesearch.render.machine import to_json
    from notesearch.render.tables import hit_to_dict

    for line in lines:
        try:
            answer = ask(line)
        except UsageError as error:
            write(to_json({"query": line, "error": str(error), "weak": True, "hits": []}))
            continue
        hits = [hit_to_dict(hit) for hit in answer.hits]
        write(to_json({"query": line, "error": None, "weak": answer.weak, "hits": hits}))


def _lines_of(batch: Path, line: str, form: object) -> Iterator[str]:
    """Give the queries of a file, one a line; `-` stands for stdin."""
    if line.strip():
        raise UsageError("give a query on the command line or a file with --batch, not both")
    if form is not None:
        raise UsageError("--batch has its own form, a JSON object a line; leave the other out")
    try:
        file = sys.stdin if str(batch) == "-" else batch.open(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{batch} cannot be read: {error.strerror}") from error
    return _texts_of(file, batch)


def _texts_of(file: TextIO, name: Path) -> Iterator[str]:
    try:
        with file:
            yield from (text.rstrip("\n") for text in file if text.strip())
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} cannot be read: it is not UTF-8") from error


def _ready_index(config: Path | None, index_dir: Path | None, *, update: bool) -> Index:
    """Open the index; make it where there is none yet, and say when it is behind its corpus."""
    from notesearch.index.layout import IndexLayout
    from notesearch.pipeline import Index
    from notesearch.render.reports import drift_line

    settings = read_settings(config, index_dir)
    is_new = not IndexLayout(settings.index).catalog.exists()
    index = Index.open(create=is_new, settings=settings, warn=warn, tell=tell)
    if is_new:
        tell(f"no index in {settings.index} yet: making one of {index.corpus}")
    if is_new or update:
        _update(index)
        return index
    drift = index.drift()
    if drift is not None and (behind := drift_line(drift)):
        tell(behind)
    return index


def _update(index: Index) -> None:
    """Bring the index in step, and say what was done if anything was."""
    from notesearch.progress import watch_update
    from notesearch.render.reports import report_lines

    with watch_update() as progress:
        report = index.update(progress=progress)
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
    from notesearch.pipeline import filter_of
    from notesearch.search.filters import AnyOf, Not, all_of

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
