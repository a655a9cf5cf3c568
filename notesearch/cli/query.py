"""`notesearch query` and `similar`: ask, and write the hits for a person or a program."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument, Exit

from notesearch.cli.app import (
    AT,
    CONFIG,
    CORPUS,
    FORMATS,
    INDEXES,
    NOTE,
    OTHER_FOLDER,
    RERANK,
    WHERE,
    HitsCommand,
    app,
    examples,
    option,
    read_path,
    require_within,
)
from notesearch.cli.chosen_index import open_together
from notesearch.cli.completion import (
    complete_filter,
    complete_kind,
    complete_section,
    complete_tag,
)
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.cli.past_choice import open_past
from notesearch.errors import UsageError
from notesearch.render.hit_formats import HIT_FORMATS, HitFormat
from notesearch.search.answer import Answer, Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.library import Index
    from notesearch.query.filters import Filter
    from notesearch.render.hits import FileLinks

_MOST_HITS = 10_000  # far more than a person reads, and few enough to rank at once
_SHOWN_LINES = 4  # of a passage, unless it is asked for whole


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
        None,
        metavar="TEXT…",
        help="The question, with filters if you like.",
        autocompletion=complete_filter,
    ),
    k: int = option(10, "-k", "Show at most N hits.", "N"),
    full: bool = option(False, "--full", "Show whole passages."),
    raw: bool = option(False, "--raw", "Show the source of the notes: their LaTeX, HTML and rows."),
    context: int = option(0, "--context", "Show N passages before and after each hit too.", "N"),
    explain: bool = option(False, "--explain", "Show how each hit was scored."),
    tag: list[str] | None = option(
        None,
        "--tag",
        "Only notes with this tag; may be repeated.",
        "TAG",
        complete=complete_tag,
    ),
    any_tag: list[str] | None = option(
        None,
        "--any-tag",
        "Only notes with one of these tags; may be repeated.",
        "TAG",
        complete=complete_tag,
    ),
    not_tag: list[str] | None = option(
        None,
        "--not-tag",
        "Only notes without this tag; may be repeated.",
        "TAG",
        complete=complete_tag,
    ),
    since: str | None = option(None, "--since", "Only notes of this date or later.", "DATE"),
    until: str | None = option(None, "--until", "Only notes of this date or earlier.", "DATE"),
    path: str | None = option(None, "--path", "Only files that match, such as papers/.", "GLOB"),
    section: str | None = option(
        None,
        "--section",
        "Only sections of this kind, such as limitations.",
        "ROLE",
        complete=complete_section,
    ),
    paper: str | None = option(
        None, "--paper", "Only notes on this paper, such as 2305.18290.", "ID"
    ),
    kind: str | None = option(
        None,
        "--kind",
        "Only this kind: note, digest-part, index-page or added.",
        "KIND",
        complete=complete_kind,
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
    at: str | None = AT,
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
    wanted_index: str | None = INDEXES,
    corpus: Path | None = CORPUS,
    config: Path | None = CONFIG,
) -> None:
    """Find the passages that answer a question.

    The question may hold filters (tag: -tag: since: until: path: section: paper: kind: author:
    year: links-to:), "exact phrases", OR and brackets. Filters alone list the newest notes.
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

    chosen = choose_indexes(config, wanted_index, corpus)
    if update and at is not None:
        raise UsageError("--update is for the notes as they are, and --at not; leave one out")
    if batch is not None:
        if line.strip():
            raise UsageError("give a query on the command line or a file with --batch, not both")
        if form is not None:
            raise UsageError("--batch has its own form, a JSON object a line; leave the other out")
        from notesearch.cli.batch import answer_lines, open_lines

        with open_lines(batch) as lines, _open(chosen, "", update=update, at=at) as index:
            answer_lines(lines, partial(ask, index))
        return
    if line.lstrip().startswith("@"):
        from notesearch.cli.save_command import with_saved_question

        line = with_saved_question(line, chosen[0].settings)
    if where is None and not line.strip():
        raise UsageError('the query is empty; ask, as in notesearch query "why DPO works"')
    with _open(chosen, line, update=update, at=at) as index:
        answer = ask(index, line)
        if answer.corrections:
            from notesearch.render.hits import name_corrections

            show_message(name_corrections(answer.corrections))
        if form is not None:
            for text in form.lines(answer.hits):
                write(text)
        else:
            from notesearch.cli.last_list import keep_hits, quoted  # not for `--help`

            _show(index, answer, chosen, full=full, context=context, explain=explain, raw=raw)
            keep_hits(answer.hits, f"the hits of {quoted(line.strip() or answer.where)}", chosen)
    if answer.weak or not answer.hits:
        raise Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    cls=HitsCommand,
    epilog=examples(
        "notesearch similar alignment/dpo.md",
        "notesearch similar less is more",
        "notesearch similar alignment/dpo.md --unlinked --other-folder",
        "notesearch similar 2",
    ),
)
def similar(
    note: list[str] = NOTE,
    k: int = option(10, "-k", "Show at most N notes.", "N"),
    where: str | None = WHERE,
    unlinked: bool = option(
        False, "--unlinked", "Leave out notes that it links to or is linked from."
    ),
    other_folder: bool = OTHER_FOLDER,
    formats: list[str] | None = FORMATS,
    at: str | None = AT,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Find notes that are like one of yours.

    Notes on the same paper come first, apart from the others. A note is named as in show.
    """
    from notesearch.cli.last_list import keep_hits
    from notesearch.cli.named_note import open_for_note

    form = _format_of(formats or [])
    require_within("-k", k, 1, _MOST_HITS)
    with open_for_note(note, "similar", config, wanted_index, at) as (chosen, index, name):
        answer = index.similar(name, k, where, unlinked=unlinked, other_folder=other_folder)
        if form is not None:
            for text in form.lines(answer.hits):
                write(text)
        else:
            same = tuple(hit for hit in answer.hits if hit.note_id in answer.same_paper)
            others = tuple(hit for hit in answer.hits if hit.note_id not in answer.same_paper)
            above = "\n" if same else ""
            for heading, hits in (("on the same paper:", same), (f"{above}like it:", others)):
                if hits:
                    show_message(heading)
                    _show(index, replace(answer, hits=hits), chosen)
            keep_hits(answer.hits, f"the notes like {index.show(name)[0].path}", chosen)
    if not answer.hits:
        raise Exit(ExitCode.NOTHING_RELEVANT)


def _open(
    chosen: Sequence[ChosenIndex], line: str, *, update: bool, at: str | None
) -> AbstractContextManager[Index]:
    if at is None:
        return open_together(chosen, line, update=update)
    return open_past(chosen, at)


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


def _format_of(formats: Sequence[str]) -> HitFormat | None:
    """Return the format for a program; None where a person reads the hits."""
    unknown = [name for name in formats if name not in HIT_FORMATS]
    if unknown:
        raise UsageError(f"--format takes one of {', '.join(HIT_FORMATS)}, found {unknown[0]}")
    chosen = [name for name in HIT_FORMATS if name in formats]
    if len(chosen) > 1:
        given = " and ".join(f"--{name}" for name in chosen)
        raise UsageError(f"{given} exclude each other; give one of them")
    return HIT_FORMATS[chosen[0]] if chosen else None


def _show(
    index: Index,
    answer: Answer,
    chosen: Sequence[ChosenIndex],
    *,
    full: bool = False,
    context: int = 0,
    explain: bool = False,
    raw: bool = False,
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
        texts = [mark_words(text, answer.words, raw=raw) for text in whole]
    else:
        texts = index.snippets(answer, _SHOWN_LINES * style.width, raw=raw)
    links: Sequence[FileLinks | None] = [None] * len(texts)
    # The file of an earlier note may be another now, or none.
    if style.links and answer.hits[0].commit is None:
        from notesearch.cli.hit_links import links_of_hits

        links = links_of_hits(index, chosen, answer.hits)
    blocks = []
    for hit, text, link in zip(answer.hits, texts, links, strict=True):
        lines = [*hit_lines(hit, text, style, link)]
        if explain:
            lines += explanation(hit, answer, style)
        blocks.append("\n".join(lines))
    write("\n\n".join(blocks))
