from __future__ import annotations

from notesearch.search.question_words import MAX_TERMS, read_wording


def terms_of(text: str) -> tuple[str, ...]:
    return read_wording(text).terms


def test_stop_words_are_left_out() -> None:
    assert terms_of("why is the reward needed") == ("reward", "needed")


def test_stop_words_alone_are_kept() -> None:
    assert terms_of("Who is it") == ("who", "is", "it")


def test_compound_is_looked_for_in_parts_and_as_one_word() -> None:
    assert terms_of("GPT-4") == ("gpt", "4", "gpt4")


def test_signs_of_the_query_syntax_are_no_words() -> None:
    assert terms_of('"reward" AND (graph* NEAR^ -col:x)') == (
        "reward",
        "graph",
        "near",
        "col",
        "x",
    )


def test_number_of_words_is_bounded() -> None:
    assert len(terms_of(" ".join(f"word{number}" for number in range(50_000)))) == MAX_TERMS


def test_a_word_said_twice_is_counted() -> None:
    counts = read_wording("reward models and other Reward signals").counts
    assert counts == {"reward": 2, "models": 1, "other": 1, "signals": 1}


def test_words_do_not_count_the_joined_compound() -> None:
    assert read_wording("GPT-4 paper").words == {"gpt", "4", "paper"}


def test_pairs_are_telling_words_side_by_side() -> None:
    assert read_wording("the reward model of a fine-tuned policy").pairs == (
        ("reward", "model"),
        ("fine", "tuned"),
        ("tuned", "policy"),
    )


def test_a_sign_between_two_words_parts_them() -> None:
    assert read_wording("DPO, reward models; policy").pairs == (("reward", "models"),)


def test_number_of_pairs_is_bounded() -> None:
    words = " ".join(f"word{number}" for number in range(1_000))
    assert len(read_wording(words).pairs) == MAX_TERMS
