"""The rows of the picker, as a terminal of a width and height shows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import Index
from notesearch.cells import cells
from notesearch.cli.picker.view import Preview, State, screen_rows
from notesearch.index.snapshot import TagCount
from notesearch.search.answer import Correction
from tests.fakes import WordEmbedder
from tests.render.test_hostile import HITS, HOSTILE, NAMES, control_signs


@pytest.fixture(scope="module")
def state(library: Path) -> State:
    """What the picker knows once a question is answered."""
    with Index.open(library / "index", WordEmbedder(name="notesearch-encoder")) as index:
        answer = index.search("reward model policy", 50)
        _, passages = index.show(answer.hits[0].note_id)
        return State(answer, preview=Preview(answer.hits[0], tuple(passages)))


def text_of(state: State, width: int, height: int) -> list[str]:
    return ["".join(text for _, text in row) for row in screen_rows(state, width, height)]


def test_hits_stand_above_the_preview_on_a_small_terminal(state):
    assert text_of(state, 60, 12) == [
        "5 notes",
        "› Proximal Policy Optimization                         1.00 ",
        "  Direct Preference Optimization                       0.99 ",
        "  A Survey                                             0.31 ",
        "  A Survey                                             0.31 ",
        "────────────────────────────────────────────────────────────",
        "rl/ppo.md:7  2025-11-02 · #ppo #alignment #rl",
        "▌ A policy takes small steps, and a reward model scores",
        "▌ them.",
        "",
        "",
        "↑↓ choose   Enter open   Tab tags   Esc leave",
    ]


def test_word_that_was_taken_for_another_is_said(state):
    answer = replace(state.answer, corrections=(Correction("polciy", "policy"),))
    assert text_of(replace(state, answer=answer), 120, 8)[0] == (
        "5 notes; asked for policy, as no note says polciy (quotes keep a word as it is)"
    )


def test_preview_stands_beside_the_hits_where_there_is_room(state):
    right = "                                                 │ "
    assert text_of(state, 120, 8) == [
        "5 notes",
        "› Proximal Policy Optimization             1.00  │ "
        "rl/ppo.md:7  2025-11-02 · #ppo #alignment #rl",
        "  Direct Preference Optimization           0.99  │ "
        "▌ A policy takes small steps, and a reward model scores them.",
        "  A Survey                                 0.31  │ ",
        "  A Survey                                 0.31  │ ",
        "  An Image is Worth 16x16 Words            0.29  │ ",
        right,
        "↑↓ choose   Enter open   Tab tags   Esc leave   PgUp PgDn scroll the note",
    ]


def test_preview_is_as_a_reader_sees_it(state):
    hit, (passage,) = state.preview.hit, state.preview.passages
    loss = replace(passage, id="2", section=("Loss",), text="## Loss\n\n$$\\frac{a}{b}$$")
    both = replace(state, preview=Preview(hit, (passage, loss)))
    assert text_of(both, 60, 14)[9:-1] == ["", "  Loss", "  a/b", ""]


def test_words_of_the_question_are_marked_in_the_hit(state):
    marked = {text for row in screen_rows(state, 60, 14) for style, text in row if "ye" in style}
    assert marked == {"reward", "model", "policy"}


def test_scrolling_stops_where_the_note_ends(state):
    hit, (passage,) = state.preview.hit, state.preview.passages
    passages = [
        replace(passage, id=f"{number}", section=(f"Part {number}",), text=f"Text {number}.")
        for number in range(9)
    ]
    passages[4] = passage
    long = replace(state, preview=Preview(hit, tuple(passages)))
    shown = {
        scrolled: text_of(replace(long, scrolled=scrolled), 60, 11)[6:-1]
        for scrolled in (-1000, 0, 3, 1000)
    }
    assert shown == {
        -1000: ["  Part 0", "  Text 0.", "", "  Part 1"],
        0: ["▌ A policy takes small steps, and a reward model scores", "▌ them.", "", "  Part 5"],
        3: ["  Part 5", "  Text 5.", "", "  Part 6"],
        1000: ["  Text 7.", "", "  Part 8", "  Text 8."],
    }
    far = replace(long, scrolled=1000)
    text_of(far, 60, 11)
    far.scrolled -= 1
    assert text_of(far, 60, 11)[6] == "  Part 7"


def test_preview_of_another_hit_is_not_shown(state):
    rows = text_of(replace(state, selected=1), 60, 14)
    assert rows[2].startswith("› ")
    assert set("".join(rows[5:-1])) <= {"─"}


def test_what_there_is_to_say_of_the_index_stands_above_the_hints():
    rows = text_of(State(news=("using the index of ~/notes", "the index is behind")), 60, 9)
    assert rows[:4] == [
        "using the index of ~/notes",
        "the index is behind",
        "",
        "  Type a question: notes that answer it appear as you type.",
    ]


def test_list_follows_the_choice(state):
    hits = state.answer.hits
    many = tuple(replace(hits[0], title=f"Note {number}") for number in range(40))
    rows = text_of(State(replace(state.answer, hits=many), selected=30), 60, 14)
    assert [row.split()[0] for row in rows[1:5]] == ["Note", "Note", "›", "Note"]


@given(st.integers(1, 140), st.integers(1, 40), st.integers(-5, 50), st.integers(0, 4))
def test_every_row_fits_and_there_are_as_many_as_there_is_room_for(
    state, width, height, scrolled, selected
):
    shown = replace(state, scrolled=scrolled, selected=selected, message="x" * 200)
    rows = text_of(shown, width, height)
    assert len(rows) == height
    if width >= 20:
        assert max(cells(row) for row in rows) <= width


@given(HITS, HOSTILE, HOSTILE, NAMES, st.sampled_from((60, 120)))
def test_nothing_of_a_note_acts_on_the_terminal(state, hit, text, written, section, width):
    (passage,) = state.preview.passages
    passage = replace(passage, id=hit.passage_id, section=section, text=text)
    shown = replace(
        state,
        answer=replace(state.answer, hits=(hit,)),
        preview=Preview(hit, (passage,)),
        message=text,
    )
    tags = replace(state, tags=(TagCount(written, written, False, 1),))
    rows = text_of(shown, width, 20) + text_of(tags, width, 20)
    assert not control_signs("".join(rows))
