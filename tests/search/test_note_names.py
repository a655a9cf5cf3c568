"""Names that a person types, beside those that notes have."""

from __future__ import annotations

import pytest

from notesearch.index.snapshot import NoteNames
from notesearch.search.note_names import NameTable
from tests.linear_time import assert_linear

NAMES = (
    ("alignment/dpo.md", "Direct Preference Optimization: A Language Model", ("DPO loss",)),
    ("alignment/ipo.md", "A General Paradigm for Preferences", ("IPO",)),
    ("elicitation/active-dpo.md", "Active Learning for Direct Preference Optimization", ()),
    ("reading/2025-11-04-lets-verify.md", "Let's Verify Step by Step", ()),
    ("vault/Steering vectors.md", "Reliability of Steering", ()),
    ("vault/résumé.md", "Ein Überblick", ()),
    ("vault/dpo-loss.v2.md", "Notes", ()),
    ("zh/提示.md", "提示工程", ()),
    ("2/seven.md", "Film 1984", ()),
    ("2/1984.md", "A year", ()),
)
TABLE = NameTable(
    [NoteNames(at, path, title, more, 1) for at, (path, title, more) in enumerate(NAMES)]
)


def meant(typed: str) -> list[str]:
    return [note.path for note in TABLE.meant_by(typed)]


@pytest.mark.parametrize(
    ("typed", "paths"),
    [
        ("direct preference optimization - a language model!", ["alignment/dpo.md"]),
        ("dpo", ["alignment/dpo.md"]),
        ("DPO.md", ["alignment/dpo.md"]),
        ("alignment/DPO", ["alignment/dpo.md"]),
        ("dpo los", ["vault/dpo-loss.v2.md", "alignment/dpo.md"]),
        ("dpo-loss.v2", ["vault/dpo-loss.v2.md"]),
        ("steering vectors", ["vault/Steering vectors.md"]),
        ("Direct pref", ["alignment/dpo.md"]),
        ("Direct Preference Optimization: A Lang…", ["alignment/dpo.md"]),
        ("lets verify", ["reading/2025-11-04-lets-verify.md"]),
        ("step verify", ["reading/2025-11-04-lets-verify.md"]),
        ("optimization preference", ["alignment/dpo.md", "elicitation/active-dpo.md"]),
        ("optimiz prefer direct lang", ["alignment/dpo.md"]),
        ("elicitation dpo", ["elicitation/active-dpo.md"]),
        ("resume", ["vault/résumé.md"]),
        ("UBERBLICK", ["vault/résumé.md"]),
        ("提示", ["zh/提示.md"]),
        ("1984", ["2/1984.md"]),
        ("2", []),  # a folder has the number, no note
        ("loss of dpo", []),
        ("?!", []),
        ("", []),
    ],
)
def test_part_of_a_name_means_the_notes_that_it_fits_best(typed, paths):
    assert meant(typed) == paths


def test_no_notes_have_no_names():
    assert NameTable([]).meant_by("dpo") == NameTable([]).nearest_to("dpo", 5) == []


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("direct preferance optimisation language modell", "alignment/dpo.md"),
        ("dpp", "alignment/dpo.md"),
        ("activ-dop", "elicitation/active-dpo.md"),
        ("stering vector", "vault/Steering vectors.md"),
        ("let us verify steps", "reading/2025-11-04-lets-verify.md"),
        ("提示词", "zh/提示.md"),
    ],
)
def test_unknown_name_is_near_to_what_is_spelled_alike(typed, path):
    assert meant(typed) == []
    assert TABLE.nearest_to(typed, 5)[0].path == path


@pytest.mark.parametrize("typed", ["", "!", "zzzz", "😀" * 500, "x" * 10_000])
def test_nothing_is_near_to_what_is_quite_different(typed):
    assert TABLE.nearest_to(typed, 5) == []


def test_as_many_are_near_as_are_asked_for():
    assert len(TABLE.nearest_to("preference", 1)) == 1
    assert len(TABLE.nearest_to("preference", 5)) == 3


def test_time_grows_with_the_typed_text():
    assert_linear(lambda size: TABLE.meant_by("ab-c " * size), 2_000)
    assert_linear(lambda size: TABLE.nearest_to("ab-c " * size, 5), 2_000)
