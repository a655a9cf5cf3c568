from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notesearch.embedding import load_counter, token_reader
from tests.laws import examples

COUNTER = load_counter()
ODD = ["DPO", "[SEP]", "naïve", "日本", "x\u2028y", "a\x1fb", "…", "e\u0301", "\u200b", "…x", "##a"]
SPACED = st.lists(st.sampled_from(ODD)).map(" ".join)


@examples(150)
@given(st.lists(st.text(max_size=60) | SPACED, max_size=5))
def test_counting_by_words_equals_tokenizing_the_whole(texts):
    (empty,) = COUNTER._encode([""])
    whole = [len(encoding) - len(empty) for encoding in COUNTER._encode(texts)]
    assert COUNTER.count_many(texts) == whole


def test_counts_stay_the_same_when_the_known_words_become_too_many(monkeypatch):
    texts = ["policy gradients, (again)", "a reward model", "policy"]
    expected = COUNTER.count_many(texts)
    monkeypatch.setattr(token_reader, "_MOST_WORDS", 2)
    for _ in range(3):
        new = COUNTER.count_many(["unheard-of words here"])
        assert COUNTER.count_many(texts) == expected
        assert new == [len(COUNTER._encode(["unheard-of words here"])[0]) - 2]
