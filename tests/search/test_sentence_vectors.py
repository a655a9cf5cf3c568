"""A sentence is read by the model once, as long as it is kept."""

import pytest

from notesearch.lazy import Lazy
from notesearch.search import sentence_vectors
from notesearch.search.sentence_vectors import SentenceVectors
from tests.fakes import WordEmbedder


@pytest.fixture
def embedder():
    return WordEmbedder()


def test_cosines_are_those_of_the_sentences_in_their_order(embedder):
    vectors = SentenceVectors(Lazy(lambda: embedder))
    question = embedder.embed_query("reward")
    asked = ["a graph", "reward reward", "a graph"]
    expected = [float(vector @ question) for vector in WordEmbedder().embed_passages(asked)]
    assert vectors.cosines(asked, question) == expected
    assert vectors.cosines([], question) == []


def test_model_reads_what_it_has_not_read(embedder, monkeypatch):
    monkeypatch.setattr(sentence_vectors, "_MOST_KEPT", 2)
    vectors = SentenceVectors(Lazy(lambda: embedder))
    question = embedder.embed_query("reward")
    vectors.cosines(["one", "two"], question)
    vectors.cosines(["two", "three"], question)
    assert embedder.embedded == ["one", "two", "three"]
    vectors.cosines(["one"], question)  # dropped since
    assert embedder.embedded == ["one", "two", "three", "one"]
    vectors.cosines(["three", "one"], question)
    assert embedder.embedded == ["one", "two", "three", "one"]


def test_long_sentence_is_read_as_far_as_the_model_reads(embedder):
    embedder.max_tokens = 4
    vectors = SentenceVectors(Lazy(lambda: embedder))
    vectors.cosines(["reward " * 16], embedder.embed_query("reward"))
    assert [len(text.split()) for text in embedder.embedded] == [4]
