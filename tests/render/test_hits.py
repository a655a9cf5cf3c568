"""Hits as people see them: whole outputs, at three widths, with and without colour and links."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.cells import cells, cut_to_cells
from notesearch.records import Copy, Hit, Role
from notesearch.render.hits import FileLinks, explanation, hit_lines
from notesearch.render.terminal import Style, guarded, printable, style_of
from notesearch.render.wrapping import clipped, wrapped
from notesearch.search.answer import Answer, Mode
from notesearch.search.snippets import GAP, Piece

TEXT = (
    "Turn the optimum around and the reward is the log-ratio of the two policies, up to a term "
    "that no comparison of two answers can see. https://arxiv.org/abs/2305.18290 has the proof."
)
HIT = Hit(
    rank=1,
    score=0.9234,
    cosine=0.7312,
    bm25=11.25,
    title="Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
    path="alignment/dpo.md",
    line_start=13,
    line_end=18,
    section=("Why it works", "Derivation"),
    roles=(Role.METHOD,),
    tags=("dpo", "alignment", "preference learning"),
    date="2026-03-14",
    year=2023,
    paper="arxiv:2305.18290",
    note_id="alignment/dpo.md",
    passage_id="0123456789abcdef",
    text=TEXT,
    weak=False,
)
BARE = replace(
    HIT,
    rank=12,
    score=0.0,
    cosine=None,
    bm25=None,
    title="",
    line_end=13,
    section=(),
    tags=(),
    date=None,
    year=None,
    paper=None,
    text="",
)

AT_60 = """
 1  Direct Preference Optimization: Your Language …     0.92
    alignment/dpo.md:13-18  Why it works › Derivation
    2026-03-14 · arxiv:2305.18290 (2023) · #dpo …
    Turn the optimum around and the reward is the log-ratio
    of the two policies, up to a term that no comparison of
    two answers can see. https://arxiv.org/abs/2305.18290
    has the proof.
"""
AT_100 = """
 1  Direct Preference Optimization: Your Language Model is Secretly a Reward Model              0.92
    alignment/dpo.md:13-18  Why it works › Derivation
    2026-03-14 · arxiv:2305.18290 (2023) · #dpo #preference-learning
    Turn the optimum around and the reward is the log-ratio of the two policies, up to a term that
    no comparison of two answers can see. https://arxiv.org/abs/2305.18290 has the proof.
"""
AT_200 = f"""
 1  Direct Preference Optimization: Your Language Model is Secretly a Reward Model{" " * 114}0.92
    alignment/dpo.md:13-18  Why it works › Derivation
    2026-03-14 · arxiv:2305.18290 (2023) · #dpo #preference-learning
    Turn the optimum around and the reward is the log-ratio of the two policies, up to a term that \
no comparison of two answers can see. https://arxiv.org/abs/2305.18290 has the proof.
"""


def shown(hit: Hit, style: Style, *text: Piece, links: FileLinks | None = None) -> str:
    return "\n".join(["", *hit_lines(hit, text or [Piece(hit.text)], style, links), ""])


@pytest.mark.parametrize(("width", "expected"), [(60, AT_60), (100, AT_100), (200, AT_200)])
def test_hit_at_a_width(width, expected):
    assert shown(HIT, Style(width=width)) == expected


@pytest.mark.parametrize("width", [60, 100, 200])
def test_colour_changes_no_letter(width):
    plain = shown(HIT, Style(width=width))
    coloured = shown(HIT, Style(width=width, colour=True), Piece(TEXT[:40]), Piece(TEXT[40:], True))
    for code in ("1", "2", "35", "1;31", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == plain


def test_colour_in_whole():
    runs = [Piece("Turn the "), Piece("optimum", True), Piece(" around"), Piece(".", True)]
    assert shown(HIT, Style(width=60, colour=True), *runs).replace("\x1b[", "<") == (
        "\n"
        " 1  <1mDirect Preference Optimization: Your Language …<0m     <2m0.92<0m\n"
        "    <35malignment/dpo.md:13-18<0m  Why it works › Derivation\n"
        "    <2m2026-03-14 · arxiv:2305.18290 (2023) · #dpo …<0m\n"
        "    Turn the <1;31moptimum<0m around<1;31m.<0m\n"
    )


@pytest.mark.parametrize("colour", [False, True])
def test_place_is_a_link_to_the_file_where_the_terminal_knows_links(tmp_path, colour):
    style = Style(width=60, links=True, colour=colour)
    place = shown(HIT, style, links=FileLinks(tmp_path)).splitlines()[2]
    name = "\x1b[35malignment/dpo.md:13-18\x1b[0m" if colour else "alignment/dpo.md:13-18"
    address = (tmp_path / "alignment/dpo.md").resolve().as_uri()
    assert place == f"    \x1b]8;;{address}\x1b\\{name}\x1b]8;;\x1b\\  Why it works › Derivation"
    assert guarded(place) == place
    assert "\x1b" not in shown(HIT, Style(width=60), links=FileLinks(tmp_path))


@pytest.mark.parametrize(
    ("links", "address"),
    [
        (FileLinks(Path("/notes")), "file:///notes/a%20b/d%C3%A9j%C3%A0.md"),
        (
            FileLinks(Path("/notes"), takes_fragment=True),
            "file:///notes/a%20b/d%C3%A9j%C3%A0.md#13",
        ),
        (FileLinks(Path("/notes"), "nvim", True), "file:///notes/a%20b/d%C3%A9j%C3%A0.md#13"),
        (FileLinks(Path("/notes"), "code"), "vscode://file/notes/a%20b/d%C3%A9j%C3%A0.md:13"),
        (FileLinks(Path("/notes"), "zed"), "zed://file/notes/a%20b/d%C3%A9j%C3%A0.md:13"),
        (
            FileLinks(Path("/notes"), "obsidian"),
            "obsidian://open?path=/notes/a%20b/d%C3%A9j%C3%A0.md%23Step%202%26more",
        ),
    ],
)
def test_place_leads_to_the_line_in_the_editor(links, address):
    assert (
        links.address(replace(HIT, path="a b/déjà.md", section=("Why", "Step 2&more"))) == address
    )


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a\x1b]8;;.md"])
@pytest.mark.parametrize("editor", ["", "code", "obsidian"])
def test_path_out_of_the_corpus_is_no_link(tmp_path, path, editor):
    assert FileLinks(tmp_path / "corpus", editor).address(replace(HIT, path=path)) is None


def test_tags_that_the_path_names_are_left_out_of_the_hit_of_a_named_index_too():
    facts = shown(replace(HIT, path="work:alignment/dpo.md"), Style(width=100)).splitlines()[3]
    assert facts == AT_100.splitlines()[3]


def test_weak_hit_says_so_and_has_no_score():
    hit = replace(HIT, weak=True)
    assert shown(hit, Style(width=60)).splitlines()[1] == (
        " 1  Direct Preference Optimization: Your Language …     weak"
    )


def test_hit_with_nothing_but_its_place():
    assert shown(BARE, Style(width=60)) == "\n12  \n    alignment/dpo.md:13\n"


def test_section_without_room_stands_below_the_place():
    hit = replace(HIT, path="a/very/long/path/to/the/one/note/that/matters.md")
    assert shown(hit, Style(width=60)).splitlines()[2:4] == [
        "    a/very/long/path/to/the/one/note/that/matters.md:13-18",
        "    Why it works › Derivation",
    ]


def test_word_longer_than_the_line_stands_alone():
    address = "https://example.org/" + "x" * 60
    assert shown(HIT, Style(width=60), Piece(f"see {address} there")).splitlines()[4:] == [
        "    see",
        f"    {address}",
        "    there",
    ]


def test_table_is_set_in_columns_as_wide_as_its_cells():
    table = "Results:\nmodel │ score │ of\nlarge and slow │ 9 │ all\nsmall │ 10.5 │"
    assert texts(wrapped([Piece(table)], 40)) == [
        "Results:",
        "model          │ score │ of",
        "large and slow │ 9     │ all",
        "small          │ 10.5  │",
    ]
    assert texts(wrapped([Piece(table)], 22))[1:] == [
        "model    │ score │ of",
        "large    │ 9     │ all",
        "and slow │       │",
        "small    │ 10.5  │",
    ]
    # the longest words have no room beside each other
    assert texts(wrapped([Piece(table)], 12))[1:] == [
        "model │",
        "score │ of",
        "large and",
        "slow │ 9 │",
        "all",
        "small │ 10.5",
        "│",
    ]


def test_mark_of_what_is_left_out_begins_a_line_and_stays_in_a_table():
    pieces = [GAP, Piece("one │ "), Piece("two", True), Piece("\n"), GAP, Piece("\nthree │ four")]
    assert texts(wrapped(pieces, 40)) == ["… one │ two", "…", "three │ four"]


def texts(lines: list[list[Piece]]) -> list[str]:
    return ["".join(piece.text for piece in line).rstrip() for line in lines]


def test_wide_signs_take_two_columns():
    hit = replace(
        HIT,
        title="直接偏好优化:语言模型本身就是一个奖励模型,因此不需要单独训练奖励模型",
        section=("为什么",),
        tags=("对齐",),
        text="直接偏好优化不需要单独的奖励模型,因为策略本身已经包含了一个奖励模型,这一点可以由最优解推出。",
    )
    assert (
        shown(hit, Style(width=60))
        == """
 1  直接偏好优化:语言模型本身就是一个奖励模型,因此不…   0.92
    alignment/dpo.md:13-18  为什么
    2026-03-14 · arxiv:2305.18290 (2023) · #对齐
    直接偏好优化不需要单独的奖励模型,因为策略本身已经包含了
    一个奖励模型,这一点可以由最优解推出。
"""
    )


def test_lines_of_a_whole_passage_stay_lines():
    text = (
        "## Steps\n\n- one\n    - one of one\n\nAnd a line that is a little longer than the others."
    )
    assert shown(HIT, Style(width=40), Piece(text)).splitlines()[4:] == [
        "    ## Steps",
        "",
        "    - one",
        "        - one of one",
        "",
        "    And a line that is a little longer",
        "    than the others.",
    ]


def test_signs_that_a_terminal_would_act_on_are_left_out():
    evil = "\x1b]0;owned\x07a\x9b2Jb\x08\tc"
    hit = replace(HIT, title=evil, path=f"{evil}.md", section=(evil,), tags=(evil,), paper=evil)
    seen = shown(hit, Style(width=200), Piece(evil))
    assert not [sign for sign in seen.replace("\n", "") if unicodedata.category(sign) == "Cc"]
    assert printable("a\n\tb\x1b[1m") == "a  b[1m"


def test_explanation_names_the_verdict_where_there_is_one():
    answer = Answer((BARE,), Mode.DENSE, relevance=0.214)
    assert list(explanation(BARE, answer, Style())) == ["    score 0.000 · relevance 0.21"]


def test_explanation_fits_a_terminal():
    answer = Answer((BARE,), Mode.LEXICAL, relevance=0.21, terms=("word",) * 20)
    lines = list(explanation(BARE, answer, Style(60, cuts=True)))
    assert max(map(len, lines)) <= 60
    assert " ".join(lines).count("word ") + lines[-1].endswith("word") == 20


def test_explanation_shows_the_probability_of_a_reranker_beside_the_score_before():
    answer = Answer((HIT, BARE), Mode.HYBRID, fused={HIT.passage_id: 0.5})
    assert list(explanation(HIT, answer, Style())) == [
        "    cosine 0.731 · bm25 11.250 · fused 0.500 · reranked 0.923"
    ]
    behind = replace(BARE, passage_id="behind the others")
    assert list(explanation(behind, answer, Style())) == ["    score 0.000"]


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (1, "    also in copied/dpo 0.md:3-8"),
        (2, "    also in copied/dpo 0.md:3-8, copied/dpo 1.md:3-8"),
        (5, "    also in copied/dpo 0.md:3-8, copied/dpo 1.md:3-8 and 3 more"),
    ],
)
def test_places_of_the_same_text_are_named(count, line):
    copies = tuple(Copy(f"{n}", f"copied/dpo {n}.md", 3, 8) for n in range(count))
    lines = list(hit_lines(replace(HIT, copies=copies), (), Style()))
    assert lines[2] == line
    assert line not in list(hit_lines(HIT, (), Style()))


def test_explanation_in_whole():
    answer = Answer(
        (HIT,),
        Mode.HYBRID,
        where="tag:dpo -tag:survey",
        terms=('"reward"', '"model"'),
    )
    assert list(explanation(HIT, answer, Style())) == [
        "    cosine 0.731 · bm25 11.250 · score 0.923",
        "    let through by: tag:dpo -tag:survey",
        "    words: reward model",
    ]
    assert list(explanation(BARE, Answer((BARE,), Mode.DENSE), Style(colour=True))) == [
        "    \x1b[2mscore 0.000\x1b[0m"
    ]


# ------------------------------------------------------------ laws


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=80)


@given(st.lists(st.builds(Piece, WORDS, st.booleans())), st.integers(4, 60))
def test_wrapping_keeps_every_letter_and_mark(runs, width):
    lines = wrapped(runs, width)
    flat = [(sign, run.marked) for line in lines for run in line for sign in run.text]
    before = [(sign, run.marked) for run in runs for sign in run.text]
    if not any(run.text.strip() for run in runs):  # nothing but spaces, of whatever width
        before = []
    assert [pair for pair in flat if pair[0] != " "] == [pair for pair in before if pair[0] != " "]


@given(st.text(), st.integers(1, 30))
def test_clipped_line_fits_and_begins_like_the_line(text, width):
    line = clipped(text, width)
    assert cells(line) <= width
    assert line == text or text.startswith(line.removesuffix("…"))


@given(st.text(), st.integers(0, 30))
def test_cut_is_the_longest_beginning_that_fits(text, width):
    cut = cut_to_cells(text, width)
    assert text.startswith(cut)
    assert cells(cut) <= width
    rest = text[len(cut) :]
    assert not rest or cells(cut + rest[0]) > width


# ------------------------------------------------------------ the terminal at hand


class Screen:
    def __init__(self, is_terminal: bool) -> None:
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("environment", "colour", "links"),
    [
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "xterm-kitty"}, True, True),
        ({"TERM_PROGRAM": "iTerm.app"}, True, True),
        ({"VTE_VERSION": "7600"}, True, True),
        ({"VTE_VERSION": "odd"}, True, False),
        ({"VTE_VERSION": "²"}, True, False),
        ({"TERM_PROGRAM": "iTerm.app", "NO_COLOR": "1"}, False, False),
        ({"TERM_PROGRAM": "iTerm.app", "NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_terminal_is_taken_for_what_it_says_it_is(environment, colour, links):
    environment = {"COLUMNS": "72"} | environment
    assert style_of(Screen(True), environment) == Style(72, colour, links, cuts=True)


@pytest.mark.parametrize(
    ("environment", "style"),
    [
        ({}, Style()),
        ({"TERM": "xterm-kitty"}, Style()),
        ({"COLUMNS": "72"}, Style(72, cuts=True)),
        ({"COLUMNS": "many"}, Style()),
        ({"FORCE_COLOR": "1"}, Style(colour=True)),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Style()),
        ({"FORCE_COLOR": ""}, Style()),
    ],
)
def test_pipe_hears_the_environment(environment, style):
    assert style_of(Screen(False), environment) == style


@pytest.mark.parametrize(("columns", "width"), [("10", 40), ("1000", 200)])
def test_width_stays_readable(columns, width):
    assert style_of(Screen(True), {"COLUMNS": columns}).width == width
