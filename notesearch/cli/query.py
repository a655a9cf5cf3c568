"""`notesearch query` and `similar`: ask, and write the hits for a person or a program."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import TextIOWrapper
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument, Exit

from notesearch.cli.app import (
    CONFIG,
    FORMATS,
    INDEX,
    RERANK,
    HitsCommand,
    app,
    examples,
    option,
    read_path,
    require_regular,
    require_within,
)
from notesearch.cli.chosen_index import choose_index, open_for_query
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.errors import UsageError
from notesearch.render.hit_formats import HIT_FORMATS, HitFormat
from notesearch.search.answer import Answer, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from notesearch.library import Index
    from notesearch.query.filters import Filter
    from notesearch.search.answer import Correction

_MOST_HITS = 10_000  # far more than a person reads, and few enough to rank at once
_SHOWN_LINES = 4  # of a passage, unless it is asked for whole
_LONGEST_LINE = 1_000_000  # characters of a line of --batch; a longer one is no question


@app.command(
    cls=HitsCommand,
    epilog=examples(
        'notesearch query "why DPO avoids reward model"',
        'notesearch query "limits of RLHF tag:alignment -tag:survey after:2025-06"',
        'notesearch query "section:limitations calibration" -k 3 --full',
        "notesearch query --tag dpo --json | jq '.[0].text'",
    ),
)
def query(
    words: list[str] | None = Argument(
        None, metavar="TEXT…", help="The question, with filters if you like."
    ),
    k: int = option(10, "-k", "Show at most N hits.", "N"),
    full: bool = option(False, "--full", "Show whole passages."),
    context: int = option(0, "--context", "Show N passages before and after each hit too.", "N"),
    explain: bool = option(False, "--explain", "Show how each hit was scored."),
    tag: list[str] | None = option(
        None, "--tag", "Only notes with this tag; may be repeated.", "TAG"
    ),
    any_tag: list[str] | None = option(
        None, "--any-tag", "Only notes with one of these tags; may be repeated.", "TAG"
    ),
    not_tag: list[str] | None = option(
        None, "--not-tag", "Only notes without this tag; may be repeated.", "TAG"
    ),
    since: str | None = option(None, "--since", "Only notes of this date or later.", "DATE"),
    until: str | None = option(None, "--until", "Only notes of this date or earlier.", "DATE"),
    path: str | None = option(None, "--path", "Only files that match, such as papers/.", "GLOB"),
    section: str | None = option(
        None, "--section", "Only sections of this kind, such as limitations.", "ROLE"
    ),
    paper: str | None = option(
        None, "--paper", "Only notes on this paper, such as 2305.18290.", "ID"
    ),
    kind: str | None = option(
        None, "--kind", "Only this kind: note, digest-part or index-page.", "KIND"
    ),
    formats: list[str] | None = FORMATS,
    batch: Path | None = option(
        None,
        "--batch",
        "Answer each line of a file, or of stdin (-), with a line of JSON.",
        "FILE",
        read_path,
    ),
    update: bool = option(False, "--update", "Update the index first."),
    mode: Mode = option(
        Mode.HYBRID, "--mode", "Rank by meaning (dense), by words (lexical), or by both."
    ),
    per_note: int = option(1, "--per-note", "Show at most N passages of the same note.", "N"),
    all_passages: bool = option(
        False, "--all-passages", "Show any number of passages of the same note."
    ),
    min_score: float | None = option(
        None, "--min-score", "Leave out hits with a lower score.", "X"
    ),
    rerank: bool | None = RERANK,
    index_dir: Path | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Find the passages that answer a question.

    The question may hold filters (tag: -tag: since: until: path: section: paper: kind: author:
    year:), "exact phrases", OR and brackets. Filters alone list the newest notes.
    """
    options = {"since": since, "until": until, "path": path, "section": section, "paper": paper}
    where = _where(tag or [], any_tag or [], not_tag or [], options | {"kind": kind})
    form = _format_of(formats or [])
    require_within("-k", k, 1, _MOST_HITS)
    require_within("--per-note", per_note, 1, _MOST_HITS)
    require_within("--context", context, 0, _MOST_HITS)
    if min_score is not None and not isfinite(min_score):
        raise UsageError(f"--min-score takes a number such as 0.5, found {min_score}")
    line = " ".join(words or [])

    def ask(index: Index, text: str) -> Answer:
        most = None if all_passages else per_note
        answer = index.search(text, k, where, mode=mode, per_note=most, rerank=rerank)
        if min_score is None:
            return answer
        return replace(answer, hits=tuple(hit for hit in answer.hits if hit.score >= min_score))

    chosen = choose_index(config, index_dir)
    if batch is not None:
        if line.strip():
            raise UsageError("give a query on the command line or a file with --batch, not both")
        if form is not None:
            raise UsageError("--batch has its own form, a JSON object a line; leave the other out")
        with _open_lines(batch) as lines, open_for_query(chosen, "", update=update) as index:
            _answer_lines(lines, partial(ask, index))
        return
    if where is None and not line.strip():
        raise UsageError('the query is empty; ask, as in notesearch query "why DPO works"')
    with open_for_query(chosen, line, update=update) as index:
        answer = ask(index, line)
        if answer.corrections:
            show_message(_corrections(answer.corrections))
        if form is not None:
            for text in form.lines(answer.hits):
                write(text)
        else:
            _show(index, answer, full=full, context=context, explain=explain)
    if answer.weak or not answer.hits:
        raise Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    cls=HitsCommand,
    epilog=examples(
        "notesearch similar alignment/dpo.md",
        'notesearch similar "LIMA: Less Is More for Alignment"',
    ),
)
def similar(
    note: str = Argument(metavar="NOTE", help="Its id, path or title, or the id of a passage."),
    k: int = option(10, "-k", "Show at most N notes.", "N"),
    where: str | None = option(
        None, "--where", 'Only notes that match, as in "tag:dpo -tag:survey".', "FILTER"
    ),
    formats: list[str] | None = FORMATS,
    index_dir: Path | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Find notes that are like one of yours.

    Notes on the same paper come first, apart from the others.
    """
    form = _format_of(formats or [])
    require_within("-k", k, 1, _MOST_HITS)
    with choose_index(config, index_dir).open() as index:
        answer = index.similar(note, k, where)
        if form is not None:
            for text in form.lines(answer.hits):
                write(text)
        else:
            for heading, is_same in (("on the same paper:", True), ("like it:", False)):
                hits = [h for h in answer.hits if (h.note_id in answer.same_paper) is is_same]
                if hits:
                    show_message(heading)
                    _show(index, replace(answer, hits=tuple(hits)))
    if not answer.hits:
        raise Exit(ExitCode.NOTHING_RELEVANT)


def _where(
    tags: Sequence[str],
    any_tags: Sequence[str],
    not_tags: Sequence[str],
    options: dict[str, str | None],
) -> Filter | None:
    """Return one filter of all the filter options; `options` are those that are named as fields."""
    from notesearch.library import filter_of
    from notesearch.query.filters import AnyOf, Not, all_of

    parts: list[Filter] = [filter_of("tag", name) for name in tags]
    if any_tags:
        parts.append(AnyOf(tuple(filter_of("tag", name) for name in any_tags)))
    parts += [Not(filter_of("tag", name)) for name in not_tags]
    parts += [filter_of(name, value) for name, value in options.items() if value is not None]
    return all_of(parts)


# ---------------------------------------------------------------- how hits are written


def _corrections(corrections: Sequence[Correction]) -> str:
    """Say which words were asked for in the place of others, and how to have these."""
    taken = ", ".join(correction.taken for correction in corrections)
    typed = " or ".join(correction.typed for correction in corrections)
    return f"asked for {taken}, as no note says {typed} (quotes keep a word as it is)"


def _format_of(formats: Sequence[str]) -> HitFormat | None:
    """Return the format for a program; None where a person reads the hits."""
    unknown = [name for name in formats if name not in HIT_FORMATS]
    if unknown:
        raise UsageError(f"--format takes one of {', '.join(HIT_FORMATS)}, found {unknown[0]}")
    chosen = [name for name in HIT_FORMATS if name in formats]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(f'--{name}' for name in chosen)} exclude each other")
    return HIT_FORMATS[chosen[0]] if chosen else None


def _show(
    index: Index,
    answer: Answer,
    *,
    full: bool = False,
    context: int = 0,
    explain: bool = False,
) -> None:
    """Write hits for a person, with their explanation where that is asked for."""
    from notesearch.render.hits import explanation, hit_lines
    from notesearch.render.terminal import style_of
    from notesearch.search.snippets import mark_words

    if not answer.hits:
        show_message("nothing found")
        return
    if answer.weak:
        show_message("nothing relevant found; the nearest there is:")
    style = style_of(sys.stdout)
    if full or context:
        whole = [index.passage_text(hit, around=context) for hit in answer.hits]
        texts = [mark_words(text, answer.words) for text in whole]
    else:
        texts = index.snippets(answer, _SHOWN_LINES * style.width)
    corpus = index.corpus
    blocks = []
    for hit, text in zip(answer.hits, texts, strict=True):
        lines = [*hit_lines(hit, text, style, corpus)]
        if explain:
            lines += explanation(hit, answer, style)
        blocks.append("\n".join(lines))
    write("\n\n".join(blocks))


# ---------------------------------------------------------------- many queries at once


@contextmanager
def _open_lines(batch: Path) -> Iterator[Iterator[str]]:
    """Yield the queries of a file, one a line; `-` stands for stdin."""
    if str(batch) == "-":
        stdin: TextIO | None = sys.stdin
        if stdin is None:
            raise UsageError("stdin is closed; give --batch a file, or a pipe")
        if isinstance(stdin, TextIOWrapper):
            stdin.reconfigure(encoding="utf-8", errors="strict")
        yield _read_lines(stdin, batch)
        return
    require_regular(batch, "read a pipe through stdin, with --batch -")
    try:
        file = batch.open(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{batch} cannot be read: {error.strerror}; name a file") from error
    with file:
        yield _read_lines(file, batch)


def _read_lines(file: TextIO, name: Path) -> Iterator[str]:
    try:
        while text := file.readline(_LONGEST_LINE):
            if len(text) == _LONGEST_LINE and not text.endswith("\n"):
                raise UsageError(
                    f"{name} has a line of {_LONGEST_LINE:,} characters or more; "
                    "write a query a line"
                )
            if text.strip():
                yield text.rstrip("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} cannot be read: it is not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}; name a file") from error


def _answer_lines(lines: Iterator[str], ask: Callable[[str], Answer]) -> None:
    """Answer a query a line with a JSON object a line; a wrong query gets its error."""
    from notesearch.render.terminal import to_json

    for line in lines:
        found: dict[str, object] = {"query": line, "error": None, "weak": True}
        found |= {"corrections": {}, "hits": []}
        try:
            answer = ask(line)
            found |= {"weak": answer.weak, "hits": answer.hits}
            found["corrections"] = {one.typed: one.taken for one in answer.corrections}
        except UsageError as error:
            found["error"] = str(error)
        write(to_json(found))
