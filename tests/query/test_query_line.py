from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.errors import UsageError
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
    all_of,
    leaves,
)
from notesearch.query.parser import parse_filter, parse_query, read_value
from notesearch.records import NoteKind, Role
from notesearch.spelling import normalise_tag
from tests.laws import examples
from tests.linear_time import assert_linear
from tests.query.query_trees import show_query

PAGE = (Path(__file__).parent / "query_cases.md").read_text(encoding="utf-8")
CASES = re.findall(
    r"^### ([^\n]+)\n\n`{5}\n([^\n]*)\n`{5}\n\n`{5}\n(.*?)\n`{5}$", PAGE, re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize(("line", "tree"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_line_is_read_as_on_the_page_of_cases(line, tree):
    assert show_query(line.replace("␀", "\0").replace("␉", "\t")) == tree


def test_every_case_of_the_page_is_read():
    assert len(CASES) == len(re.findall(r"^### ", PAGE, re.MULTILINE)) >= 90


# ---------------------------------------------------------------- filters show themselves

PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=9)
NAMES = PRINTABLE.map(lambda text: " ".join(f"a {text}".split()))
DATES = st.sampled_from(("1000", "2024-02-29", "2025", "2025-12", "9999-12-31"))
YEARS = st.integers(1000, 9999)
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    PRINTABLE.map(normalise_tag).filter(lambda t: t and normalise_tag(t) == t).map(Tag),
    DATES.map(Since),
    DATES.map(Until),
    YEARS.map(lambda year: YearBetween(year, year)),
    YEARS.map(lambda year: YearBetween(None, year)),
    st.tuples(YEARS, st.none() | YEARS)
    .filter(lambda pair: pair[1] is None or pair[0] <= pair[1])
    .map(lambda pair: YearBetween(*pair)),
    NAMES.map(PathGlob),
    st.sampled_from(("arxiv:2305.18290", "doi:10.1000/a(b)c")).map(OnPaper),
    st.sampled_from(NoteKind).map(OfKind),
    st.sampled_from(Role).map(InSection),
    NAMES.map(ByAuthor),
    NAMES.map(Titled),
    NAMES.map(LinksTo),
    NAMES.map(LinkedFrom),
    NAMES.map(Phrase),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)


@given(TREES)
def test_text_of_a_filter_is_read_back_as_the_same_filter(where):
    assert parse_filter(str(where)) == where


def test_operators_build_flat_trees():
    dpo, rl, survey = Tag("dpo"), Tag("rl"), Tag("survey")
    assert dpo & rl & ~survey == AllOf((dpo, rl, Not(survey)))
    assert dpo | rl | survey == AnyOf((dpo, rl, survey))
    assert str((dpo | rl) & ~survey) == "(tag:dpo OR tag:rl) -tag:survey"
    assert ~~dpo == dpo


# ---------------------------------------------------------------- where=


def test_filter_text_keeps_phrases_in_the_tree():
    assert parse_filter('"reward hacking" tag:dpo') == AllOf((Phrase("reward hacking"), Tag("dpo")))


def test_word_in_a_filter_text_is_refused_with_its_place():
    with pytest.raises(UsageError) as caught:
        parse_filter("tag:dpo reward model")
    assert str(caught.value) == (
        'a word is no filter; write a field, as in tag:dpo, or quotes: "dpo"\n'
        "    tag:dpo reward model\n"
        "            ^^^^^^"
    )


def test_empty_filter_text_is_refused():
    with pytest.raises(UsageError, match=r"^the filter is empty; write one, as in tag:dpo "):
        parse_filter(" ")


def test_phrases_and_filters_are_told_apart():
    query = parse_query('why "reward hacking" tag:dpo')
    assert query.where == Tag("dpo")
    assert query.phrases == ("reward hacking",)


def test_places_tell_where_each_value_stands():
    query = parse_query("why -tag:dpo,kto")
    places = {str(where): query.line[span.start : span.end] for where, span in query.places}
    assert places == {"tag:dpo": "tag:dpo", "tag:kto": "kto"}


# ---------------------------------------------------------------- options of a command


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("tag", " Hyperbolic Embedding ", Tag("hyperbolic-embedding")),
        ("before", "2025-06", Until("2025-05")),
        ("path", 'my "notes", old/*.md', PathGlob('my "notes", old/*.md')),
    ],
)
def test_option_value_is_read_as_in_a_query_line_without_its_quotes(field, value, where):
    assert read_value(field, value) == where


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("tag", " ", "the value of tag is empty; write one as in tag:dpo"),
        (
            "path",
            "a" * 1001,
            "the value of path has 1001 characters; write one as in path:alignment/",
        ),
        (
            "since",
            "2025-13",
            "2025-13 is no date: there is no month 13; "
            "write a year, month or day, as in 2025, 2025-06 or 2025-06-30",
        ),
    ],
)
def test_option_value_that_cannot_be_read_is_refused_in_one_line(field, value, message):
    with pytest.raises(UsageError) as caught:
        read_value(field, value)
    assert str(caught.value) == message


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("tag:a " * 201, "more than 200 filters and phrases"),
        ('"a" ' * 201, "more than 200 filters and phrases"),
        (f"tag:{'a' * 1001}", "tag: has a value of 1001 characters"),
        (f"{'(' * 11}tag:a{')' * 11}", "brackets in brackets, more than 10 deep"),
        (f"{'NOT ' * 11}tag:a", "one negation after the other"),
        (f"after:{'9' * 900}", f"{'9' * 40}… is no date"),
    ],
)
def test_more_than_anybody_types_is_refused(line, finding):
    with pytest.raises(UsageError) as caught:
        parse_query(line)
    assert str(caught.value).startswith(finding)
    assert max(map(len, str(caught.value).splitlines())) < 130


MARKS = [
    *"()\"'“”-−:,. \t\n\0\ud800\ufeff*?[]/\\#aZ9é漢",
    *("tag:", "-tag:", "tag:a", "tags:x ", "tga:", "date:", "2025", "..", "-06", "year:", "title:"),
    *("path:", "section:", "method", "kind:", "note", "paper:", "2305.18290", "author:", "after:"),
    *(" AND ", " OR ", " NOT ", " -(", "tag:a OR ", '"a b"', '""', "Title: ", "the paper: ", "--"),
]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("before", ["", "(", "tag:", '"'])
def test_a_mark_repeated_without_end_is_read_in_linear_time(before, mark):
    assert_linear(lambda size: expect_query_or_usage_error(before + mark * size), 2000)


@given(st.text())
def test_any_text_is_a_query_or_a_usage_error(text):
    expect_query_or_usage_error(text)


@examples(250)
@given(st.lists(st.sampled_from(MARKS) | st.text(max_size=3), max_size=12).map("".join))
def test_any_mixture_of_marks_is_a_query_or_a_usage_error(text):
    expect_query_or_usage_error(text)


# No letters before a colon: TA:00 is so near to a filter that it is asked about. No minus before a
# letter: that leaves the word out.
ORDINARY = st.from_regex(
    r"(?:-(?![A-Za-z]))?\(?([A-Za-z0-9][A-Za-z0-9']{0,5}|[0-9]{1,2}:[0-9]{2})[,.;?!)]{0,2}",
    fullmatch=True,
)


@given(st.lists(ORDINARY, min_size=1, max_size=9))
def test_ordinary_words_stay_as_they_are(words):
    query = parse_query(" ".join(words))
    assert query.text.split() == words
    assert query.where is None


def expect_query_or_usage_error(text: str) -> None:
    try:
        query = parse_query(text)
    except UsageError as error:
        expect_carets(str(error))
    else:
        query.text.encode("utf-8")
        filters = all_of([*([query.where] if query.where else []), *map(Phrase, query.phrases)])
        assert query.text or filters
        if filters is not None and has_settled_tags(filters):
            assert parse_filter(str(filters)) == filters


def has_settled_tags(where: Filter) -> bool:
    """Tell whether normal forms stay as they are: of a few odd tags, such as `a.#[b`, not."""
    return all(normalise_tag(tag.name) == tag.name for tag in leaves(where) if isinstance(tag, Tag))


def expect_carets(message: str) -> None:
    """One line says what and how; the query's line and carets follow, unless it is blank."""
    finding, *place = message.split("\n")
    assert "; " in finding
    if place:
        shown, carets = place
        assert shown.startswith("    ")
        assert re.fullmatch(r" {4,}\^+", carets)
