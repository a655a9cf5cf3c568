from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.embedding import load_counter

COUNTER = load_counter()
ODD = ["DPO", "[SEP]", "naïve", "日本", "x\u2028y", "a\x1fb", "…", "e\u0301", "\u200b", "…x", "##a"]
SPACED = st.lists(st.sampled_from(ODD)).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=60) | SPACED, max_size=5))
def test_counting_by_words_equals_tokenizing_the_whole(texts):
    (empty,) = COUNTER._encode([""])
    whole = [len(encoding) - len(empty) for encoding in COUNTER._encode(texts)]
    assert COUNTER.count_many(texts) == whole
