"""Words one by one have the stems that they have in their text."""

from itertools import chain

from hypothesis import example, given
from hypothesis import strategies as st

from notesearch.index.stems import Stemmer, words_of


@given(st.text(st.one_of(st.characters(exclude_categories=[]), st.sampled_from("aB1 -_'é—ı"))))
@example("Policies\x00of the well—known GROßE naïve_Bayes’s x\ud800y 二十 İstanbul")
@example("e\u0301tude \u0301x running" + "s" * 100)
def test_words_one_by_one_have_the_stems_of_their_text(text: str):
    stemmer = Stemmer()
    words = [stemmer.stems_of(word.decode()) for word in words_of(text)]
    assert list(chain.from_iterable(words)) == stemmer.stems_of(text)
