from __future__ import annotations

import pytest

from notesearch.search.word_stems import stem_word


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("optimisation", "optimized"),
        ("models", "model"),
        ("planning", "plan"),
        ("policies", "policy"),
        ("tuning", "tuned"),
        ("Transformers", "transformer"),
        ("generation", "generative"),
        ("naïve", "naive"),
    ],
)
def test_forms_of_a_word_share_their_stem(one: str, other: str) -> None:
    assert stem_word(one) == stem_word(other)


@pytest.mark.parametrize(
    ("one", "other"), [("graph", "grape"), ("reward", "rewrite"), ("proof", "protein")]
)
def test_other_words_keep_theirs(one: str, other: str) -> None:
    assert stem_word(one) != stem_word(other)
