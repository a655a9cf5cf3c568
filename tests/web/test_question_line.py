"""What clicks make of the query line."""

from __future__ import annotations

import pytest

from notesearch.query.parser import parse_query
from notesearch.web.question_line import chips_of, with_filter


@pytest.mark.parametrize(
    ("line", "more"),
    [
        ("", "tag:z"),
        ("reward", "reward tag:z"),
        ("reward tag:a OR tag:b", "reward (tag:a OR tag:b) tag:z"),
        ("tag:a OR tag:b reward", "tag:a OR tag:b reward tag:z"),  # the word ends the OR
        ("(tag:a OR tag:b) reward", "(tag:a OR tag:b) reward tag:z"),
        ('tag:a OR "of two"', '(tag:a OR "of two") tag:z'),
        ('"black OR white"', '"black OR white" tag:z'),
        ('reward path:"two  spaces/"', 'reward path:"two  spaces/" tag:z'),
        ('what is "not closed', 'what is "not closed tag:z'),
    ],
)
def test_a_filter_more_is_one_of_all_hits(line, more):
    assert with_filter(line, "tag:z") == more


@pytest.mark.parametrize(
    ("line", "without_each"),
    [
        ("reward tag:a OR tag:b", ["reward"]),
        ("tag:a AND tag:b", ["tag:b", "tag:a"]),
        (
            "x tag:a AND tag:b AND tag:c",
            ["x tag:b AND tag:c", "x tag:a tag:c", "x tag:a AND tag:b"],
        ),
        ("reward NOT tag:a since:2024", ["reward since:2024", "reward NOT tag:a"]),
        ('tag:a path:"two  spaces/"', ['path:"two  spaces/"', "tag:a"]),
    ],
)
def test_each_filter_is_clicked_away(line, without_each):
    assert [chip.line_without for chip in chips_of(parse_query(line))] == without_each
    for rest in without_each:
        parse_query(rest)
