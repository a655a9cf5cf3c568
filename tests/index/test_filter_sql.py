from __future__ import annotations

import fnmatch
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.index.filter_sql import Condition, to_condition
from notesearch.index.sqlite_snapshot import SqliteSnapshot
from notesearch.index.store import Store
from notesearch.query.filters import (
    AllOf,
    AnyOf,
    ByAuthor,
    Filter,
    InSection,
    LinkedFrom,
    LinksTo,
    Not,
    OfKind,
    OnPaper,
    PathGlob,
    Phrase,
    Since,
    Tag,
    Titled,
    Until,
    YearBetween,
)
from notesearch.records import NoteKind, Role
from notesearch.spelling import normalise_tag, tag_and_parents
from tests.laws import examples
from tests.search.notes import Made, build_index


@contextmanager
def opened(index_dir: Path, notes: list[Made]) -> Iterator[SqliteSnapshot]:
    build_index(index_dir, notes)
    with Store(index_dir) as store, store.snapshot() as snapshot:
        yield snapshot


def found(snapshot: SqliteSnapshot, condition: Condition) -> set[str]:
    return {
        stored.passage.id for stored in snapshot.passages(snapshot.ids_meeting(condition).tolist())
    }


# ---------------------------------------------------------------- what a filter means, in Python


def holds(where: Filter, note: Made, roles: tuple[Role, ...], text: str) -> bool:
    match where:
        case AllOf(parts):
            return all(holds(part, note, roles, text) for part in parts)
        case AnyOf(parts):
            return any(holds(part, note, roles, text) for part in parts)
        case Not(inner):
            return not holds(inner, note, roles, text)
        case InSection(asked):
            return asked in roles
        case Phrase(words):
            return f" {words} " in f" {text} "
        case _:
            return note_holds(where, note)


def note_holds(where: Filter, note: Made) -> bool:
    match where:
        case Tag(name):
            return any(
                name in tag_and_parents(normalise_tag(tag)) for tag in note.tags + note.folder_tags
            )
        case Since(date):
            return note.date is not None and last_day(note.date) >= first_day(date)
        case Until(date):
            return note.date is not None and first_day(note.date) <= last_day(date)
        case YearBetween(first, last):
            return note.year is not None and (first or 0) <= note.year <= (last or 9999)
        case PathGlob(pattern):
            return any(
                fnmatch.fnmatchcase(part, pattern.rstrip("/")) for part in parts_of(note, pattern)
            )
        case OnPaper(paper):
            return note.paper == paper
        case OfKind(kind):
            return note.kind is kind
        case ByAuthor(name):
            return any(has_words(author, name) for author in note.authors)
        case LinksTo(_, ids) | LinkedFrom(_, ids):
            return note.path in (ids or ())
        case Titled(words):
            return any(has_words(title, words) for title in (note.title, *note.aliases))
    raise AssertionError(where)


def first_day(date: str) -> str:
    return (date + "-01-01")[:10] if len(date) == 4 else (date + "-01")[:10]


def last_day(date: str) -> str:
    return (date + "-12-31")[:10] if len(date) == 4 else (date + "-31")[:10]


def parts_of(note: Made, pattern: str) -> Iterator[str]:
    levels = note.path.split("/")
    ends = range(1, len(levels) + (not pattern.endswith("/")))
    for start in range(len(levels)) if "/" not in pattern else (0,):
        yield from ("/".join(levels[start:end]) for end in ends if end > start)


def has_words(text: str, words: str) -> bool:
    letter = "[a-zA-Z0-9À-\u1fff]"
    pattern = rf"(?<!{letter}){re.escape(words)}(?!{letter})"
    return re.search(pattern, text, re.IGNORECASE) is not None


# ---------------------------------------------------------------- random notes, random trees

TAGS = ("rl", "RL/Offline", "rl/offline/deep", "rlhf", "Hyperbolic Embedding", "c++", "o'neil")
PATHS = (
    "a.md", "dpo.md", "rl/dpo.md", "rl/deep/dpo.md", "RL/x.org", "rl.md", "my notes/a b.md",
    "odd/a*b.md", "odd/a[1].md", "odd/a1.md", "odd/50%_.md", "rlx/dpo.md", "é/ü.md",
)  # fmt: skip
DATES = ("2024", "2024-12", "2024-12-31", "2025", "2025-06", "2025-06-01", "2025-06-15", "2025-07")
PAPERS = ("arxiv:2305.18290", "doi:10.1/a'b")
NAMES = ("Rafael Rafailov", "Li Wei", "Émile Zola", "Oliver Liu", 'Ada "A" Li', "back\\slash")
WORDS = ("rafailov", "LI", "li wei", "émile", "ZOLA", "liv", "Rafael Rafailov", '"a"', "k\\s", "é")
VOCABULARY = ("alpha", "beta", "gamma")

TEXTS = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4).map(" ".join)
PASSAGES = st.lists(
    st.tuples(
        st.sampled_from(((), (Role.METHOD,), (Role.LIMITATIONS, Role.METHOD, Role.NEXT_STEPS))),
        TEXTS,
    ),
    max_size=3,
)
NOTES = st.lists(
    st.builds(
        Made,
        path=st.sampled_from(PATHS),
        title=st.sampled_from(NAMES),
        tags=st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(tuple),
        folder_tags=st.lists(st.sampled_from(TAGS), max_size=1).map(tuple),
        date=st.none() | st.sampled_from(DATES),
        year=st.none() | st.integers(2017, 2020),
        paper=st.none() | st.sampled_from(PAPERS),
        kind=st.sampled_from(NoteKind),
        authors=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
        aliases=st.lists(st.sampled_from(NAMES), max_size=1).map(tuple),
        passages=PASSAGES.map(tuple),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda made: made.path,
)
PATTERNS = (
    "rl/", "rl", "dpo.md", "*.md", "rl/*.md", "RL/", "*/dpo.md", "a?1*", "odd/a[1].md",
    "odd/a[[]1].md", "odd/a[*]b.md", "my notes/", "[!a-q]*", "odd/50%_.md", "rl/deep", "é/?.md",
    "[", "[]", "odd/a[]1[]*", "[!]",
)  # fmt: skip
LEAVES = st.one_of(
    st.sampled_from(TAGS).map(lambda tag: Tag(normalise_tag(tag))),
    st.sampled_from(DATES).map(Since),
    st.sampled_from(DATES).map(Until),
    st.builds(YearBetween, st.none() | st.integers(2017, 2020), st.integers(2017, 2020)),
    st.sampled_from(PATTERNS).map(PathGlob),
    st.sampled_from(PAPERS).map(OnPaper),
    st.sampled_from(NoteKind).map(OfKind),
    st.sampled_from(WORDS).map(ByAuthor),
    st.sampled_from(WORDS).map(Titled),
    st.lists(st.sampled_from(PATHS), max_size=3).map(lambda ids: LinksTo("x", tuple(ids))),
    st.lists(st.sampled_from(PATHS), max_size=3).map(lambda ids: LinkedFrom("x", tuple(ids))),
    st.sampled_from((Role.METHOD, Role.RESULTS)).map(InSection),
    TEXTS.map(Phrase),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)


@examples(15)
@given(NOTES, st.lists(LEAVES | TREES, min_size=20, max_size=40))
def test_a_filter_finds_the_passages_that_looking_at_each_finds(notes, trees):
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), notes) as snapshot:
        for where in trees:
            expected = {
                f"{note.path} {number}"
                for note in notes
                for number, (roles, text) in enumerate(note.passages)
                if holds(where, note, roles, text)
            }
            condition = to_condition(where, snapshot._ids_with_phrase, fold_path_case=False)
            assert found(snapshot, condition) == expected, where


@examples(8)
@given(NOTES, st.lists(LEAVES | TREES, min_size=10, max_size=20))
def test_a_condition_on_notes_finds_the_same_passages_without_that_shortcut(notes, trees):
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), notes) as snapshot:
        for where in trees:
            condition = to_condition(where, snapshot._ids_with_phrase)
            plainly = Condition(condition.sql, condition.values)
            assert found(snapshot, condition) == found(snapshot, plainly), where


# ---------------------------------------------------------------- one by one


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Iterator[SqliteSnapshot]:
    notes = [
        Made("alignment/dpo.md", "Direct Preference Optimization", ("rl/offline",), date="2025"),
        Made("Alignment/ppo.md", "PPO – why it works", ("RLHF",), date="2025-06-15"),
        Made("deep/alignment/old/kto.md", "強化学習の話", authors=("Kawin Ethayarajh", "Ω Ko")),
        Made("readme.md", "Notes", kind=NoteKind.INDEX_PAGE, aliases=("Start 'here'",)),
    ]
    with opened(tmp_path_factory.mktemp("index"), notes) as snapshot:
        yield snapshot


@pytest.mark.parametrize(
    ("where", "paths"),
    [
        (Tag("rl"), "alignment/dpo.md"),
        (Since("2025-06"), "alignment/dpo.md Alignment/ppo.md"),
        (Since("2025-06-16"), "alignment/dpo.md"),
        (Until("2025-06-14"), "alignment/dpo.md"),
        (Since("2026"), ""),
        (~Since("2026") & OfKind(NoteKind.INDEX_PAGE), "readme.md"),
        (PathGlob("alignment/"), "alignment/dpo.md"),
        (PathGlob("alignment"), "alignment/dpo.md deep/alignment/old/kto.md"),
        (PathGlob("**/alignment/"), "alignment/dpo.md deep/alignment/old/kto.md"),
        (PathGlob("deep/**/kto.md"), "deep/alignment/old/kto.md"),
        (PathGlob("deep/alignment/**/old/kto.md"), "deep/alignment/old/kto.md"),
        (PathGlob("*.md/"), ""),
        (PathGlob("dpo"), ""),
        (Titled("preference optim*"), "alignment/dpo.md"),
        (Titled("preference optim"), ""),
        (Titled("WHY"), "Alignment/ppo.md"),
        (Titled("学習"), "deep/alignment/old/kto.md"),
        (Titled("start 'HERE'"), "readme.md"),
        (ByAuthor("ω"), "deep/alignment/old/kto.md"),
        (ByAuthor("kawin eth*"), "deep/alignment/old/kto.md"),
        (AllOf(()), "Alignment/ppo.md alignment/dpo.md deep/alignment/old/kto.md readme.md"),
        (AnyOf(()), ""),
    ],
    ids=str,
)
def test_filter_finds_these_notes(shelf, where, paths):
    ids = found(shelf, to_condition(where, shelf._ids_with_phrase, fold_path_case=False))
    assert {passage.split()[0] for passage in ids} == set(paths.split())


def test_path_takes_either_case_where_the_file_system_does(shelf):
    where = PathGlob("ALIGNMENT/[d-p]PO.md")
    ids = found(shelf, to_condition(where, shelf._ids_with_phrase, fold_path_case=True))
    assert ids == {"alignment/dpo.md 0", "Alignment/ppo.md 0"}


def test_values_are_bound_and_never_part_of_the_statement(shelf):
    hostile = "x' OR 1=1 --"
    for where in (Tag(hostile), OnPaper(hostile), PathGlob(hostile), Phrase(hostile)):
        condition = to_condition(where, shelf._ids_with_phrase)
        assert "1=1" not in condition.sql
        assert len(condition.values) == condition.sql.count("?")


@pytest.mark.parametrize("join", [AllOf, AnyOf])
@pytest.mark.parametrize("leaf", [InSection(Role.METHOD), Tag("rl"), Phrase("alpha beta")])
def test_widest_and_deepest_trees_fit_one_statement(shelf, join, leaf):
    found(shelf, to_condition(join((leaf,) * 250), shelf._ids_with_phrase))
    deep: Filter = leaf
    for _ in range(11):
        deep = Not(join((Tag("a"), deep)))
    found(shelf, to_condition(deep, shelf._ids_with_phrase))
