from __future__ import annotations

from dataclasses import dataclass

import pytest

from notesearch.errors import UsageError
from notesearch.query.filters import AllOf, AnyOf, Filter, Not, Tag, require_sound


@pytest.mark.parametrize("size", [251, 50_000])
def test_too_many_filters_are_a_usage_error(size):
    with pytest.raises(UsageError, match=f"has {size} parts; ask with at most 250"):
        require_sound(AnyOf((Tag("a"),) * size))


def test_too_deep_a_tree_is_a_usage_error():
    deep: Filter = Tag("a")
    for _ in range(100_000):
        deep = Not(deep)
    with pytest.raises(UsageError, match="more than 24 deep"):
        require_sound(deep)


@pytest.mark.parametrize("kind", [AllOf, AnyOf])
def test_parts_may_be_given_as_a_list(kind):
    where = kind([Tag("a"), Tag("b")])
    require_sound(where)
    assert hash(where) == hash(kind((Tag("a"), Tag("b"))))


@dataclass(frozen=True)
class Listed(Filter):
    names: list[str]


@pytest.mark.parametrize("wrong", [Listed(["a"]), Not(Listed(["a"])), AllOf((Filter(),)), Not("a")])
def test_what_is_no_filter_is_a_usage_error(wrong):
    with pytest.raises(UsageError, match="is no filter"):
        require_sound(wrong)
