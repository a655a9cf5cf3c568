from __future__ import annotations

from notesearch.search.terms import MAX_TERMS, read_terms


def test_stop_words_are_left_out() -> None:
    assert read_terms("why is the reward needed") == ('"reward"', '"needed"')


def test_stop_words_alone_are_kept() -> None:
    assert read_terms("Who is it") == ('"who"', '"is"', '"it"')


def test_compound_is_looked_for_in_parts_and_as_one_word() -> None:
    assert read_terms("GPT-4") == ('"gpt"', '"4"', '"gpt4"')


def test_signs_of_the_query_syntax_are_no_words() -> None:
    assert read_terms('"reward" AND (graph* NEAR^ -col:x)') == (
        '"reward"',
        '"graph"',
        '"near"',
        '"col"',
        '"x"',
    )


def test_number_of_words_is_bounded() -> None:
    assert len(read_terms(" ".join(f"word{number}" for number in range(50_000)))) == MAX_TERMS
