from __future__ import annotations

import pytest

from notesearch.errors import UsageError
from notesearch.query.filters import Not, Tag
from notesearch.query.known_tags import nearest_tags, require_known_tags, unknown_tags
from notesearch.query.parser import parse_query

IN_USE = {
    "dpo": 12,
    "rl/offline": 3,
    "rl/online": 1,
    "reward-model": 7,
    "world-model": 2,
    "survey": 4,
    "c": 1,
}


def test_tags_in_use_and_their_parents_are_known():
    assert unknown_tags(Tag("dpo") & ~(Tag("rl") | Tag("rl/offline")), IN_USE) == ()
    assert unknown_tags(Tag("rl/off") | Tag("DPO") | Tag("rl/off"), IN_USE) == (
        Tag("rl/off"),
        Tag("DPO"),
    )


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("dpos", ["dpo"]),
        ("dpp", ["dpo"]),
        ("dop", ["dpo"]),
        ("d", []),
        ("surveys", ["survey"]),
        ("reward-models", ["reward-model"]),
        ("offline-rl", ["rl/offline", "rl/online"]),
        ("model", ["reward-model", "world-model"]),
        ("c++", []),
        ("vision", []),
    ],
)
def test_nearest_tags_are_spelled_alike_a_letter_away_or_share_a_word(asked, near):
    assert nearest_tags(asked, IN_USE) == near


def test_unknown_tag_is_refused_with_the_nearest_and_its_place():
    query = parse_query("why -tag:dpo,offline_rl")
    assert query.where is not None
    with pytest.raises(UsageError) as caught:
        require_known_tags(query.where, IN_USE, line=query.line, places=query.places)
    assert str(caught.value) == (
        "no note has the tag offline-rl; did you mean rl/offline (3 notes), rl/online (1 note)?\n"
        "    why -tag:dpo,offline_rl\n"
        "                 ^^^^^^^^^^"
    )


def test_unknown_tag_of_a_filter_object_is_refused_in_one_line():
    with pytest.raises(UsageError) as caught:
        require_known_tags(Not(Tag("vision")), IN_USE)
    assert str(caught.value) == (
        "no note has the tag vision; to see those in use, run: notesearch tags"
    )
