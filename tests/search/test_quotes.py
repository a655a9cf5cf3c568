"""Quotes: exact, near and by meaning, with what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import FoundBy, Index, PieceKind, UsageError
from notesearch.search.comparable_words import read_comparable
from notesearch.search.quotes import MOST_WORDS
from notesearch.search.word_agreement import (
    agreement_of,
    find_exactly,
    find_nearly,
    mark_differences,
    widen,
)
from tests.fakes import WordEmbedder

NOTES = {
    "entropy.md": """# Entropy of a policy

Entropy of the policy falls in the first thousand steps, and
exploration never recovers afterwards. The estimate $r_\\theta(x)$ keeps growing
all the same, as [Smith](https://example.org/a/long/address) has shown.

Who looks at **the curve**
sees a cliff.
""",
    "robot.md": "# Robots\n\nA robot walks over gravel without any camera at all.\n",
    "work/copy.md": "# A note\n\nThe margin of each pair is learnt by the graph itself.\n",
    "play/first.md": "# A note\n\nThe margin of each pair is learnt by the graph itself.\n",
    "far.md": "# Far\n\nThe margin of some pair is thrown away by the graph.\n",
    "chinese.md": "# 熵\n\n策略的熵在前一千步内迅速下降，之后不再恢复。\n",
    "code.md": "# Code\n\n```python\nfirst = 1\nsecond = weigh(first, other)\n```\n",
}
FALLS = "Entropy of the policy falls in the first thousand steps, and exploration never recovers"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("quotes")
    for path, text in NOTES.items():
        (folder / "corpus" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "corpus" / path).write_text(text, encoding="utf-8")
    with Index.open(folder / "index", WordEmbedder(), create=True) as made:
        made.update(Path(folder / "corpus"))
        yield made


def texts(quote, kind):
    return [piece.text.strip() for piece in quote.pieces if piece.kind is kind]


# ---------------------------------------------------------------- exact


def test_words_side_by_side_are_exact_over_the_end_of_a_line(index):
    quote, *_ = index.quote("in the first thousand steps, and exploration never")
    assert (quote.hit.path, quote.found, quote.agreement) == ("entropy.md", FoundBy.EXACT, 1.0)
    assert (quote.line_start, quote.line_end) == (3, 4)
    assert quote.sentence == f"{FALLS} afterwards."
    assert texts(quote, PieceKind.SAME) == ["in the first thousand steps, and exploration never"]
    assert texts(quote, PieceKind.AROUND) == ["Entropy of the policy falls", "recovers afterwards."]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ENTROPY OF THE POLICY FALLS", (3, 3)),
        ("Entropy, of the *policy*: falls…", (3, 3)),
        ("“exploration never recovers”", (4, 4)),
        ("The estimate r_θ(x) keeps growing all the same", (4, 5)),
        ("The estimate $r_\\theta(x)$ keeps growing", (4, 4)),
        ("all the same, as Smith has shown", (5, 5)),
        ("the curve sees a cliff", (7, 8)),
        ("the ﬁrst thousand steps", (3, 3)),
        ("ex\u00adploration never recovers", (4, 4)),
    ],
)
def test_case_signs_markup_and_formulas_are_no_difference(index, text, lines):
    quote = index.quote(text)[0]
    assert (quote.hit.path, quote.found) == ("entropy.md", FoundBy.EXACT)
    assert (quote.line_start, quote.line_end) == lines


def test_address_of_a_link_is_no_part_of_a_sentence(index):
    assert all(one.found is not FoundBy.EXACT for one in index.quote("example.org long address"))


def test_lines_of_code_are_told_apart(index):
    quote = index.quote("second weigh first other")[0]
    assert (quote.hit.path, quote.line_start) == ("code.md", 5)


def test_same_text_of_several_notes_takes_one_rank(index):
    quote = index.quote("The margin of each pair is learnt")[0]
    assert quote.found is FoundBy.EXACT
    places = {quote.hit.path, *(copy.path for copy in quote.hit.copies)}
    assert places == {"play/first.md", "work/copy.md"}


def test_filter_comes_first(index):
    quote = index.quote("The margin of each pair is learnt", where="path:work/")[0]
    assert (quote.hit.path, quote.hit.copies) == ("work/copy.md", ())
    assert index.quote("robot", where="path:nowhere/") == []


# ---------------------------------------------------------------- near


REST = "in the first thousand steps, and exploration never recovers"


@pytest.mark.parametrize(
    ("text", "same", "missing", "other"),
    [
        (f"entropy falls {REST}", ["Entropy", f"falls {REST}"], ["of the policy"], []),
        (
            f"entropy of the policy rises {REST}",
            ["Entropy of the policy", REST],
            ["falls"],
            ["rises"],
        ),
        (
            "in the first thousand steps entropy of the policy falls, exploration never recovers",
            [
                "Entropy of the policy falls in the first thousand steps,",
                "exploration never recovers",
            ],
            ["and"],
            [],
        ),
        (
            f"entropies of policies falling {REST}",
            ["Entropy of", f"policy falls {REST}"],
            ["the"],
            [],
        ),
    ],
    ids=["words missing", "a word changed", "another order", "other forms"],
)
def test_words_that_differ_are_named(index, text, same, missing, other):
    quote = index.quote(text)[0]
    assert (quote.hit.path, quote.found) == ("entropy.md", FoundBy.NEAR)
    assert 0.6 < quote.agreement < 1
    assert texts(quote, PieceKind.SAME) == same
    assert texts(quote, PieceKind.MISSING) == missing
    assert texts(quote, PieceKind.OTHER) == other


def test_what_agrees_far_less_than_the_best_is_left_out(index):
    far = "The margin of some pair is thrown away by the graph"
    near = index.quote(far.replace("some", "any"))
    assert near[0].hit.path == "far.md"
    agreements = [one.agreement for one in near]
    assert agreements == sorted(agreements, reverse=True)
    assert agreements[-1] >= agreements[0] * 2 / 3
    text, quote = (read_comparable(one) for one in (NOTES["play/first.md"], far))
    assert any(one.hit.path != "far.md" for one in near) == (
        find_nearly(text, quote).agreement >= agreements[0] * 2 / 3
    )


def test_ranks_count_from_one_and_k_limits_them(index):
    quotes = index.quote("The margin of a pair is learnt away by the graph", k=5)
    assert [one.hit.rank for one in quotes] == list(range(1, len(quotes) + 1))
    assert len(index.quote("The margin of a pair is learnt away by the graph", k=1)) == 1


# ---------------------------------------------------------------- by meaning


def test_what_no_note_says_is_found_by_meaning(index):
    quote = index.quote("machines like a robot move blindly on rough ground")[0]
    assert (quote.hit.path, quote.found) == ("robot.md", FoundBy.MEANING)
    assert quote.sentence == "A robot walks over gravel without any camera at all."


def test_nothing_is_said_about_it_and_the_nearest_is_weak(index):
    quotes = index.quote("kalman smoothing of submarine sonar")
    assert quotes
    assert all(one.hit.weak and one.found is FoundBy.MEANING for one in quotes)


def test_signs_of_a_script_without_spaces_are_words(index):
    quote = index.quote("策略的熵在前一千步内迅速下降")[0]
    assert (quote.hit.path, quote.found) == ("chinese.md", FoundBy.EXACT)
    changed = next(
        one for one in index.quote("策略的熵在前两千步内下降") if one.hit.path == "chinese.md"
    )
    assert changed.found is FoundBy.NEAR
    assert texts(changed, PieceKind.OTHER) == ["两"]
    assert texts(changed, PieceKind.MISSING) == ["一", "迅速"]


# ---------------------------------------------------------------- hostile quotes


@pytest.mark.parametrize("text", ["", "  \n ", "… ?!", "\x00\x1b", "<!-- hidden -->"])
def test_quote_without_a_word_is_refused(index, text):
    with pytest.raises(UsageError, match="no word in the quote"):
        index.quote(text)


@pytest.mark.parametrize("text", ["word " * 10_000, "w" * 1_000_000, "熵" * (MOST_WORDS + 1)])
def test_quote_of_a_whole_page_is_refused(index, text):
    with pytest.raises(UsageError, match=f"too long; .* {MOST_WORDS} words at most"):
        index.quote(text)


@pytest.mark.parametrize("text", [None, 7, ["a"], b"a"])
def test_quote_that_is_no_text_is_refused(index, text):
    with pytest.raises(UsageError, match="the quote must be a text"):
        index.quote(text)


@pytest.mark.parametrize(
    "text",
    [
        "the of and to",
        'falls" OR policy: NEAR(',
        "-policy tag:dpo path:x (a OR",
        "policy\x1b]0;x\x07 falls\x00 in",
        "$\\frac{policy}{$ \\begin{align} falls",
        "`falls [[in the [first](thousand",
        "<script>falls</script> <b>policy",
        "policy \ud800 falls",
        "policy 🙂 falls\u202e in",
        "word " * MOST_WORDS,
        "é" * 50,
    ],
)
def test_any_text_is_answered(index, text):
    for quote in index.quote(text):
        assert 0 <= quote.agreement <= 1
        kept = [piece.text for piece in quote.pieces if piece.kind is not PieceKind.OTHER]
        assert "".join(kept) == quote.sentence


# ---------------------------------------------------------------- the comparison itself

SENTENCES = st.lists(
    st.sampled_from(["policy", "falls", "the", "of", "reward.", "($x$)", "graph,"]),
    min_size=1,
    max_size=14,
).map(" ".join)


@given(SENTENCES, SENTENCES)
def test_pieces_hold_all_words_of_both_sides(note, sentence):
    text, quote = read_comparable(note), read_comparable(sentence)
    stretch = find_nearly(text, quote)
    if stretch is None:
        assert not set(text.stems) & set(quote.stems)
        return
    shown = widen(text, stretch.span)
    pieces = mark_differences(text, stretch.span, shown, quote)
    by_kind = {
        kind: Counter(
            stem
            for piece in pieces
            if piece.kind is kind
            for stem in read_comparable(piece.text).stems
        )
        for kind in PieceKind
    }
    assert by_kind[PieceKind.SAME] + by_kind[PieceKind.OTHER] == Counter(quote.stems)
    said = text.stems[stretch.span.start : stretch.span.stop]
    assert by_kind[PieceKind.SAME] + by_kind[PieceKind.MISSING] == Counter(said)
    kept = "".join(piece.text for piece in pieces if piece.kind is not PieceKind.OTHER)
    assert kept == text.of(shown)


@given(SENTENCES)
def test_a_text_says_itself_exactly(note):
    text = read_comparable(note)
    assert find_exactly(text, text) == range(len(text.words))
    stretch = find_nearly(text, text)
    assert stretch is not None
    assert stretch.agreement == 1


def test_agreement_is_the_mean_of_common_words_and_common_order():
    assert agreement_of(["graph", "robot"], ["graph", "robot"]) == 1
    assert agreement_of(["graph", "robot"], ["robot", "graph"]) == (1 + 1 / 2) / 2
    assert agreement_of(["graph", "robot"], ["graph"]) == 2 / 3
    assert agreement_of(["graph"], ["robot"]) == 0
    assert agreement_of([], ["robot"]) == 0
