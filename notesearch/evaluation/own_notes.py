"""Make judged queries of a person's own notes: a line of a note should find that note.

Nobody judged anything, so the queries are of few kinds and easier or harder than what a
person types. They show which of two settings serves the same notes better; they do not
measure how good the answers are.

A title or summary line that asks for its own note would find itself, and say nothing about
the search. So it is left out of all that is searched, in a copy of the index.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import blake2b
from pathlib import Path

from notesearch.corpus.search_text.plain_words import to_words
from notesearch.corpus_index import corpus_folder
from notesearch.engine_address import engine_of_folder
from notesearch.evaluation.judged import JudgedQuery
from notesearch.index.changes import CorpusSource
from notesearch.kept_index import update_from
from notesearch.library import Index
from notesearch.records import Block, Listing, Note, NoteKind, Passage, ReadFile, Role
from notesearch.settings import Settings

_MOST_OF_A_KIND = 100
# More notes than these share the title of a template or a link in all of them, and no paper.
_MOST_ON_ONE_PAPER = 10
# In words. Shorter ones name nothing, longer ones nobody types.
_TITLE_WORDS = range(3, 21)
_SENTENCE_WORDS = range(7, 36)
# A note is asked for by a line only if so many other words are left to find it by.
_WORDS_LEFT = 30
_SUMMARY_ROLES = (Role.TLDR, Role.SUMMARY, Role.ABSTRACT)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[^a-z\s])")
_TLDR_MARK = re.compile(r"^tl;?dr\b[\s.:;-]*", re.IGNORECASE)


class AutoKind(Enum):
    """The part of a note that a query is made of."""

    SUMMARY = "summary line"  # held out; finds its note by the rest of the text
    TITLE = "title"  # held out; finds its note by the body
    SENTENCE = "quoted sentence"  # stays in the note that it should find


@dataclass(frozen=True, slots=True)
class AutoQueries:
    """Queries, and the lines to leave out of the notes before these are searched."""

    queries: tuple[JudgedQuery, ...]
    held_out: Mapping[str, str]  # by note id, for `HeldOutCorpus`


@contextmanager
def index_of_own_notes(
    settings: Settings, open_index: Callable[..., Index] = Index.open
) -> Iterator[tuple[Index, tuple[JudgedQuery, ...]]]:
    """Open an index of the settings' corpus to measure with, and make queries of its notes.

    It is a copy of the person's index, without the lines that queries are made of; only the
    passages that held such a line are embedded again. It is removed afterwards.
    """
    with open_index(create=True, settings=settings) as own:
        folder = corpus_folder(own)
    with tempfile.TemporaryDirectory(prefix="notesearch-") as scratch:
        index_dir = Path(scratch, "index")
        if settings.index.is_dir() and engine_of_folder(settings.index) is None:
            shutil.copytree(settings.index, index_dir)
        with open_index(index_dir, create=True, settings=settings) as index:
            made = make_queries(folder.read_files([one.path for one in folder.list_files().files]))
            held_out = HeldOutCorpus(folder, made.held_out)
            update_from(index, held_out, f"{folder.fingerprint}, {held_out.fingerprint}")
            yield index, made.queries


# ---------------------------------------------------------------- texts that could ask for a note


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A note with the texts that it could be asked for by."""

    note_id: str
    paper: str | None
    texts: Mapping[AutoKind, str]


def make_queries(files: Iterable[ReadFile]) -> AutoQueries:
    """Make at most 100 queries of each kind; the same notes give the same queries.

    A note serves one kind, so that the line held out for one query takes nothing from another.
    Notes that share their paper serve none: a line of one may mean any of them.
    """
    counts: Counter[bytes] = Counter()  # of the notes that a sentence stands in
    candidates = [one for file in files for one in _candidates(file, counts)]
    # In an order that has nothing to do with folders and names, and is always the same.
    candidates.sort(key=lambda one: blake2b(one.note_id.encode()).digest())
    shared = _notes_on_shared_papers(candidates)
    chosen: dict[AutoKind, list[_Candidate]] = {kind: [] for kind in AutoKind}
    for one in candidates:
        possible = [
            kind
            for kind, text in one.texts.items()
            if len(chosen[kind]) < _MOST_OF_A_KIND and counts[_key(text)] == 1
        ]
        if possible and one.note_id not in shared:
            # Few notes have a summary line, and these are not spent on other kinds.
            best = min(possible, key=lambda kind: (kind is not AutoKind.SUMMARY, len(chosen[kind])))
            chosen[best].append(one)
    asked = [(kind, one.note_id, one.texts[kind]) for kind in AutoKind for one in chosen[kind]]
    return AutoQueries(
        queries=tuple(
            JudgedQuery(f"{kind.value}: {note_id}", text, {note_id: 1}, kind=kind.value)
            for kind, note_id, text in asked
        ),
        held_out={note_id: text for kind, note_id, text in asked if kind is not AutoKind.SENTENCE},
    )


def _notes_on_shared_papers(candidates: Sequence[_Candidate]) -> set[str]:
    """Return the ids of notes that have their paper or their title in common with another."""
    groups: defaultdict[str, list[_Candidate]] = defaultdict(list)
    for one in candidates:
        if one.paper:
            groups[f"paper {one.paper}"].append(one)
        if title := one.texts.get(AutoKind.TITLE):
            groups[f"title {title.casefold()}"].append(one)
    return {
        one.note_id
        for group in groups.values()
        if len(group) <= _MOST_ON_ONE_PAPER
        for one in group
        for other in group
        # Like titles of two papers are two papers.
        if other is not one and (one.paper == other.paper or not (one.paper and other.paper))
    }


def _candidates(file: ReadFile, counts: Counter[bytes]) -> Iterator[_Candidate]:
    """Find what each note of a file could be asked for by, and count its sentences."""
    for note, passages in zip(file.reading.notes, file.passages, strict=True):
        if note.kind is NoteKind.INDEX_PAGE:
            continue
        title = " ".join(to_words(note.title).split()).rstrip(" .…")
        by_section = [list(_sentences(note, section.blocks)) for section in note.sections]
        sentences = [sentence for own in by_section for sentence in own]
        counts.update({_key(text) for text in (title, *sentences)})
        summaries = [
            (_SUMMARY_ROLES.index(section.roles[0]), own[0])
            for section, own in zip(note.sections, by_section, strict=True)
            if section.roles[:1] and section.roles[0] in _SUMMARY_ROLES and own
        ]
        summary = min(summaries, key=lambda found: found[0])[1] if summaries else ""
        is_named = len(title.split()) in _TITLE_WORDS
        if is_named and pattern_of(title).search(summary):
            summary = ""  # a note named by its summary: with the line its name would go
        quotable = [one for one in sentences if one != summary and _is_quotable(one)]
        texts = {}
        if len(summary.split()) in _SENTENCE_WORDS and _can_go(summary, passages):
            texts[AutoKind.SUMMARY] = summary
        if is_named and _can_go(title, passages):
            texts[AutoKind.TITLE] = title
        if quotable:
            texts[AutoKind.SENTENCE] = min(quotable, key=_key)
        yield _Candidate(note.id, note.paper, texts)


def _sentences(note: Note, blocks: Sequence[Block]) -> Iterator[str]:
    """Yield the sentences of the prose in some blocks, as plain words on one line."""
    for block in _prose(blocks):
        words = to_words("\n".join(note.markup[block.start : block.end]))
        text = _TLDR_MARK.sub("", " ".join(words.split()))
        yield from (sentence for sentence in _SENTENCE_END.split(text) if sentence)


def _prose(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield paragraphs, those in lists and quotes as well; no code, table, formula, heading."""
    for block in blocks:
        if block.kind == "paragraph":
            yield block
        elif block.kind in ("list", "item", "quote"):
            yield from _prose(block.children)


def _is_quotable(sentence: str) -> bool:
    """Return whether a sentence is whole prose, no bit of a list and no formula."""
    letters = sum(sign.isalpha() or sign.isspace() for sign in sentence)
    is_whole = sentence[0].isupper() and sentence[-1] in ".!?"
    has_length = len(sentence.split()) in _SENTENCE_WORDS
    return is_whole and has_length and letters >= 0.9 * len(sentence)


def _can_go(text: str, passages: Sequence[Passage]) -> bool:
    """Return whether a text stands in passages, and enough is left of them without it."""
    pattern = pattern_of(text)
    if not any(pattern.search(passage.search_text) for passage in passages):
        return False
    left = _passages_without(passages, pattern)
    return sum(len(passage.search_text.split()) for passage in left) >= _WORDS_LEFT


def _key(sentence: str) -> bytes:
    return blake2b(sentence.casefold().encode("utf-8", "replace"), digest_size=8).digest()


# ---------------------------------------------------------------- the notes without these lines


@dataclass(frozen=True, slots=True)
class HeldOutCorpus:
    """A corpus whose notes lack their held-out lines; its index is for measuring alone."""

    corpus: CorpusSource
    held_out: Mapping[str, str]  # by note id: the title or the line that is left out

    @property
    def fingerprint(self) -> str:
        """A short name of all held-out lines: another one makes an index read everything again."""
        lines = repr(sorted(self.held_out.items()))
        return f"held out {blake2b(lines.encode(), digest_size=4).hexdigest()}"

    def list_files(self) -> Listing:
        """List the note files; they are those of the whole corpus."""
        return self.corpus.list_files()

    def hash_file(self, path: str) -> str:
        """Hash a file's bytes as they are."""
        return self.corpus.hash_file(path)

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Read files and leave out the held-out lines."""
        return (hold_out(file, self.held_out) for file in self.corpus.read_files(paths))


def hold_out(file: ReadFile, held_out: Mapping[str, str]) -> ReadFile:
    """Leave a text out of all that a note is searched by: search texts, headings, names.

    `held_out` gives the text by note id. What is shown (`Passage.text`) stays as it is, and
    `Passage.tokens` stays an upper bound. A passage that had nothing else is left out.
    """
    if not any(note.id in held_out for note in file.reading.notes):
        return file
    notes, passages = [], []
    for note, own in zip(file.reading.notes, file.passages, strict=True):
        if note.id in held_out:
            pattern = pattern_of(held_out[note.id])
            own = _passages_without(own, pattern)
            if pattern.search(" ".join(note.title.split())):
                # An alias is another title: a query that holds one out means both.
                note = replace(note, title="", aliases=())
        notes.append(note)
        passages.append(own)
    return replace(
        file, reading=replace(file.reading, notes=tuple(notes)), passages=tuple(passages)
    )


def _passages_without(passages: Sequence[Passage], pattern: re.Pattern[str]) -> tuple[Passage, ...]:
    """Leave a text out of passages, and those that held nothing else."""
    left = []
    for passage in passages:
        # The first of several lines holds the title: it stays, empty where the title goes.
        title, newline, body = passage.search_text.partition("\n")
        rest = pattern.sub(" ", body if newline else title)
        if rest.strip():
            kept = f"{pattern.sub(' ', title).strip()}\n" if newline else ""
            section = tuple(name for name in passage.section if not pattern.search(name))
            left.append(replace(passage, search_text=kept + rest.strip(), section=section))
    return tuple(left)


def pattern_of(text: str) -> re.Pattern[str]:
    """Return a pattern that finds a text as whole words, in any case and across lines."""
    words = r"\s+".join(map(re.escape, text.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
