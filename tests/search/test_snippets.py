from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.search.snippets import GAP, Piece, cut_snippet

TEXT = (
    "# Why\n\nDPO avoids a reward model, e.g. the one of PPO. It needs "
    "$\\log \\frac{\\pi. A}{b}$ and [the reward models](http://x.y/reward). Graphs are drawn.\n"
    "- one item\n- another item of rewards\n\nThe cost is $5 and $6."
)


def shown(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"<{piece.text}>" if piece.marked else piece.text for piece in pieces)


def test_short_text_is_given_whole_with_its_words_marked() -> None:
    pieces = cut_snippet("Rewards, and a policy.", "what is a reward", max_chars=80)
    assert shown(pieces) == "<Rewards>, and a policy."


@pytest.mark.parametrize(
    ("max_chars", "expected"),
    [
        (50, " … <DPO> avoids a <reward> <model>, e.g. the one of … "),
        (60, " … <DPO> avoids a <reward> <model>, e.g. the one of PPO. … "),
    ],
)
def test_best_sentence_is_kept(max_chars: int, expected: str) -> None:
    assert shown(cut_snippet(TEXT, "DPO reward model", max_chars=max_chars)) == expected


def test_sentences_apart_have_a_gap_between() -> None:
    text = "A graph is drawn. Nothing of note stands here. The robot walks."
    pieces = cut_snippet(text, "robot graphs", max_chars=45)
    assert shown(pieces) == "A <graph> is drawn. … The <robot> walks."


def test_sentence_that_adds_no_word_gives_way_to_what_follows() -> None:
    text = "The robot walks on a graph. It falls. " + "Much is left out. " * 9 + "A robot again."
    pieces = cut_snippet(text, "robot graph", max_chars=50)
    assert shown(pieces) == "The <robot> walks on a <graph>. It falls. … "


def test_target_of_a_link_is_not_marked() -> None:
    pieces = cut_snippet("See [the reward](http://x.y/reward).", "reward", max_chars=80)
    assert shown(pieces) == "See [the <reward>](http://x.y/reward)."


def test_atom_too_large_is_left_out_whole() -> None:
    text = "before `" + "code " * 20 + "` after"
    assert shown(cut_snippet(text, "before", max_chars=30)) == "<before> … "


@given(
    st.lists(
        st.sampled_from(["$a+b$", "`c d`", "[e f](g)", "$$h\ni$$", "word", "Reward.", "\n", "\n\n"])
    ),
    st.integers(1, 60),
)
def test_nothing_whole_is_ever_cut(words: list[str], max_chars: int) -> None:
    text = " ".join(words)
    pieces = cut_snippet(text, "reward word", max_chars=max_chars)
    stretches = "".join("\0" if p is GAP else p.text for p in pieces).split("\0")
    assert all(stretch in text for stretch in stretches)
    for stretch in stretches:
        rest = re.sub(r"\$\$h\ni\$\$|\$a\+b\$|`c d`|\[e f\]\(g\)", "", stretch)
        assert not re.search(r"[$`\[\]()]", rest)


@given(st.text(), st.text(), st.integers(1, 100))
def test_any_text_is_taken_and_room_is_kept(text: str, query: str, max_chars: int) -> None:
    pieces = cut_snippet(text, query, max_chars=max_chars)
    assert sum(len(piece.text) for piece in pieces if piece is not GAP) <= max_chars
