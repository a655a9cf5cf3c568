from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.search.snippets import GAP, Nearness, Piece, cut_snippets, mark_words
from tests.linear_time import assert_linear

TEXT = (
    "# Why\n\nDPO avoids a reward model, e.g. the one of PPO. It needs "
    "$\\log \\frac{\\pi. A}{b}$ and [the reward models](http://x.y/reward). Graphs are drawn.\n"
    "- one item\n- another item of rewards\n\nThe cost is $5 and $6."
)


def cut_snippet(
    text: str,
    query: str,
    *,
    max_chars: int,
    nearness: Nearness | None = None,
    raw: bool = False,
) -> tuple[Piece, ...]:
    (pieces,) = cut_snippets([text], query, max_chars=max_chars, nearness=nearness, raw=raw)
    return pieces


def shown(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"<{piece.text}>" if piece.marked else piece.text for piece in pieces)


def test_short_text_is_given_whole_with_its_words_marked() -> None:
    pieces = cut_snippet("Rewards, and a policy.", "what is a reward", max_chars=80)
    assert shown(pieces) == "<Rewards>, and a policy."


def test_text_that_fits_is_given_whole_however_long_it_is() -> None:
    text = "A reward. " + "Some words. " * 3_000 + "The end."
    pieces = cut_snippet(text, "reward", max_chars=100_000)
    assert shown(pieces) == text.replace("reward", "<reward>")


def test_end_of_a_very_long_text_is_a_gap() -> None:
    text = "Some words. " * 3_000 + "The end."
    assert shown(cut_snippet(text, "words", max_chars=30)) == "Some <words>. … "
    assert shown(cut_snippet("word" * 10_000, "word", max_chars=30)) == " … "


@pytest.mark.parametrize(
    ("max_chars", "expected"),
    [
        (50, "<DPO> avoids a <reward> <model>, e.g. the one of … "),
        (60, "<DPO> avoids a <reward> <model>, e.g. the one of PPO. … "),
    ],
)
def test_best_sentence_is_kept(max_chars: int, expected: str) -> None:
    assert shown(cut_snippet(TEXT, "DPO reward model", max_chars=max_chars)) == expected


def test_sentences_apart_have_a_gap_between() -> None:
    text = "A graph is drawn. Nothing of note stands here. The robot walks."
    pieces = cut_snippet(text, "robot graphs", max_chars=45)
    assert shown(pieces) == "A <graph> is drawn. … The <robot> walks."


def test_room_that_is_left_goes_to_what_stands_beside() -> None:
    text = "Much is left out of the text. " * 9 + "A robot walks. Then it falls over the edge. "
    text += "Much is left out of the text. " * 9
    assert shown(cut_snippet(text, "robot", max_chars=60)) == (
        " … A <robot> walks. Then it falls over the edge. … "
    )


def test_target_of_a_link_is_not_marked() -> None:
    text = "See [the reward](http://x.y/reward)."
    raw = cut_snippet(text, "reward", max_chars=80, raw=True)
    assert shown(raw) == "See [the <reward>](http://x.y/reward)."
    assert shown(cut_snippet(text, "reward", max_chars=80)) == "See the <reward>."


def test_atom_too_large_is_left_out_whole() -> None:
    text = "before `" + "code " * 20 + "` after"
    assert shown(cut_snippet(text, "before", max_chars=30)) == "<before> … "


def test_whole_text_is_marked_however_long_it_is() -> None:
    text = "# Why\n\nA reward, and `reward code`. $reward$ https://x.y/reward\n" + "word " * 5_000
    marked = "# Why\n\nA <reward>, and `<reward> code`. $reward$ https://x.y/reward\n"
    assert shown(mark_words(text, "rewards", raw=True)) == marked + "word " * 5_000
    read = marked.replace("$", "")
    assert shown(mark_words(text, "rewards")) == read + "word " * 5_000


# ------------------------------------------------------------ meaning

DOGS = (
    "The paper is about dogs, which it draws on paper. Many people have drawn them before. "
    "Training costs nine hours on one card. Its figures are small and hard to read."
)


class Meaning:
    """Says how near a sentence is by a word that it has, and keeps what it was asked."""

    def __init__(self, **cosines: float) -> None:
        self.cosines = cosines
        self.asked: list[list[str]] = []

    def __call__(self, sentences: Sequence[str]) -> list[float]:
        self.asked.append(list(sentences))
        return [
            max((near for word, near in self.cosines.items() if word in sentence), default=0.0)
            for sentence in sentences
        ]


def test_sentence_in_other_words_is_found_by_its_meaning() -> None:
    question = "how long does it take to fit"
    by_words = cut_snippet(DOGS, question, max_chars=60)
    assert shown(by_words) == "The paper is about dogs, which it draws on paper. … "
    by_both = cut_snippet(DOGS, question, max_chars=60, nearness=Meaning(hours=0.4))
    assert shown(by_both) == " … Training costs nine hours on one card. … "


def test_words_count_beside_the_meaning() -> None:
    pieces = cut_snippet(DOGS, "dogs", max_chars=110, nearness=Meaning(hours=0.4))
    assert shown(pieces) == (
        "The paper is about <dogs>, which it draws on paper. … Training costs nine hours on one "
        "card. … "
    )


def test_meaning_counts_alike_however_far_a_model_spreads_its_cosines() -> None:
    wide = Meaning(dogs=0.0, people=0.9, hours=-0.3, figures=0.1)
    narrow = Meaning(dogs=0.8, people=0.89, hours=0.77, figures=0.81)
    for max_chars in range(50, 150, 10):
        one = cut_snippet(DOGS, "figures of dogs", max_chars=max_chars, nearness=wide)
        assert one == cut_snippet(DOGS, "figures of dogs", max_chars=max_chars, nearness=narrow)


def test_meaning_is_asked_once_and_only_where_something_is_left_out() -> None:
    meaning = Meaning()
    texts = ["The first is short enough to be shown.", DOGS, DOGS.replace("dogs", "cats")]
    cut_snippets(texts, "dogs", max_chars=60, nearness=meaning)
    (asked,) = meaning.asked
    assert [sentence.split()[0] for sentence in asked] == ["The", "Many", "Training", "Its"] * 2
    cut_snippets(texts, "dogs", max_chars=500, nearness=meaning)
    assert len(meaning.asked) == 1


def test_meaning_is_asked_about_the_words_without_labels_formulas_and_addresses() -> None:
    text = (
        "- Data:\n- The loss $\\sum_i x_i$ is taken from [an older paper](http://x.y/z) as it is.\n"
        "$$\\mathrm{a\\ formula\\ with\\ letters\\ enough}$$\n\nSee https://x.y/some-long-address."
    )
    meaning = Meaning()
    cut_snippet(text, "loss", max_chars=60, nearness=meaning)
    assert meaning.asked == [["- The loss is taken from an older paper as it is."]]


def test_meaning_is_asked_about_the_first_texts_that_it_has_time_for() -> None:
    meaning = Meaning()
    texts = [f"{DOGS} This is number {number}, and that is all of it." for number in range(50)]
    cut_snippets(texts, "dogs", max_chars=60, nearness=meaning)
    (asked,) = meaning.asked
    last = [sentence for sentence in asked if sentence.startswith("This is number")]
    assert last == [
        f"This is number {number}, and that is all of it." for number in range(len(last))
    ]
    assert 3 <= len(last) <= 8
    assert len(asked) == 5 * len(last)


def test_text_with_too_much_in_it_is_cut_by_its_words_and_the_next_one_by_both() -> None:
    long = "Training costs hours. " + "There is nothing of use in this. " * 60 + "A dog."
    pieces = cut_snippets([long, DOGS], "dogs", max_chars=60, nearness=Meaning(hours=0.4))
    assert "<dog>" in shown(pieces[0])
    assert "hours" not in shown(pieces[0])
    alone = cut_snippet(DOGS, "dogs", max_chars=60, nearness=Meaning(hours=0.4))
    assert pieces[1] == alone


# ------------------------------------------------------------ what reads well


def test_formula_with_the_word_gives_way_to_prose() -> None:
    text = (
        "The optimum is known in closed form:\n\n$$r_{reward} = \\log reward + reward$$\n\n"
        "So the policy is a reward model of its own."
    )
    assert shown(cut_snippet(text, "reward", max_chars=60)) == (
        " … So the policy is a <reward> model of its own."
    )


def test_label_is_shown_where_it_leads_to_what_is_shown() -> None:
    text = (
        "**Data:**\n- Nine dogs were filmed in a garden.\n- Cats come later in the list.\n**Loss:**"
    )
    assert shown(cut_snippet(text, "dogs", max_chars=70)) == (
        "Data:\n- Nine <dogs> were filmed in a garden. … "
    )
    assert (
        shown(cut_snippet(text, "cats", max_chars=50)) == " … - <Cats> come later in the list. … "
    )


def test_item_behind_a_gap_begins_a_line_but_for_the_first() -> None:
    text = "- A word on nothing at all.\n- A robot.\n- A word on no subject.\n- A graph."
    pieces = cut_snippet(text, "robot graph", max_chars=34)
    assert shown(pieces) == " … - A <robot>. … \n- A <graph>."


def test_heading_of_the_section_is_left_out_and_one_further_down_keeps_its_line() -> None:
    text = "# Top\nBefore it\nstands text.\n## Laws\nLet reward grow\nwith distance."
    assert shown(cut_snippet(text, "reward", max_chars=100)) == (
        "Before it stands text.\n\nLaws\n\nLet <reward> grow with distance."
    )
    assert "text.\n\n## Laws\n\nLet" in shown(cut_snippet(text, "reward", max_chars=100, raw=True))
    assert shown(cut_snippet(text, "reward", max_chars=40)) == (
        " … Let <reward> grow with distance."
    )
    text = "A reward.\n\n```\n# no heading\n- one\n```\n# Heading\n- two"
    assert shown(cut_snippet(text, "reward", max_chars=100)) == (
        "A <reward>.\n\n```\n# no heading\n- one\n```\nHeading\n\n- two"
    )


def test_rows_stand_on_lines_of_their_own_and_so_does_what_is_left_out_between() -> None:
    text = (
        "The table:\n\n| model | score |\n|---|--:|\n| base of old | 27.3 |\n"
        "| middle of old | 27.9 |\n| big of late | 28.4 |\n\nThat is all there is to say."
    )
    assert shown(cut_snippet(text, "base big score", max_chars=300)) == (
        "The table:\n\nmodel │ <score>\n<base> of old │ 27.3\nmiddle of old │ 27.9\n"
        "<big> of late │ 28.4\n\nThat is all there is to say."
    )
    assert shown(cut_snippet(text, "robot", max_chars=300, raw=True)) == text
    assert shown(cut_snippet(text, "base big", max_chars=60)) == (
        " … \n<base> of old │ 27.3\n … \n<big> of late │ 28.4\n … "
    )


def test_formula_that_is_short_where_it_is_shown_takes_little_room() -> None:
    text = (
        "The policy is "
        "$\\pi_{\\mathrm{new}}(y \\mid x) = \\frac{1}{Z(x)} \\pi_{\\mathrm{ref}}(y \\mid x)$ "
        "in full."
    )
    assert shown(cut_snippet(text, "policy", max_chars=60)) == (
        "The <policy> is π_new(y|x) = 1/Z(x) π_ref(y|x) in full."
    )
    assert shown(cut_snippet(text, "policy", max_chars=60, raw=True)) == "The <policy> is … "


# ------------------------------------------------------------ laws


def test_text_of_many_short_sentences_is_cut_in_linear_time() -> None:
    assert_linear(lambda size: cut_snippet("A b. " * size, "b", max_chars=400), size=900)


@given(
    st.lists(
        st.sampled_from(["$a+b$", "`c d`", "[e f](g)", "$$h\ni$$", "word", "Reward.", "\n", "\n\n"])
    ),
    st.integers(1, 60),
)
def test_nothing_whole_is_ever_cut(words: list[str], max_chars: int) -> None:
    text = " ".join(words)
    pieces = cut_snippet(text, "reward word", max_chars=max_chars, raw=True)
    stretches = "".join("\0" if p is GAP else p.text for p in pieces).split("\0")
    for stretch in (" ".join(stretch.split()) for stretch in stretches):
        assert stretch in " ".join(text.split())
        rest = re.sub(r"\$\$h i\$\$|\$a\+b\$|`c d`|\[e f\]\(g\)", "", stretch)
        assert not re.search(r"[$`\[\]()]", rest)


@given(st.text(), st.text(), st.integers(1, 100), st.booleans())
def test_any_text_is_taken_and_room_is_kept(
    text: str, query: str, max_chars: int, raw: bool
) -> None:
    pieces = cut_snippet(text, query, max_chars=max_chars, raw=raw)
    assert sum(len(piece.text) for piece in pieces if piece is not GAP) <= max_chars
