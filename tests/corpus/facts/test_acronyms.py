from __future__ import annotations

import pytest

from notesearch.corpus.facts.acronyms import find_acronyms
from tests.linear_time import assert_linear


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("use Direct Preference Optimization (DPO)", "dpo", "direct preference optimization"),
        ("So DPO (Direct Preference Optimization) came.", "dpo", "direct preference optimization"),
        ("**Chain-of-Thought** (CoT) helps", "cot", "chain of thought"),
        ("a mixture of experts (MoE)", "moe", "mixture of experts"),
        ("a rectified linear unit (ReLU)", "relu", "rectified linear unit"),
        ("many large language models (LLMs)", "llm", "large language models"),
        ("the Markov decision\nprocess (MDP)", "", ""),
        ("learning with verifiable rewards (LVR, 2024)", "lvr", "learning with verifiable rewards"),
        ("the best model (see below)", "", ""),
        ("GPT (2018) was first", "", ""),
        ("a table (PDF)", "", ""),
        ("it ends here. Direct (DPO)", "", ""),
        ("the (of the) (A)", "", ""),
    ],
)  # fmt: skip
def test_acronyms_of_a_text(text, short, long):
    assert find_acronyms(text) == (((short, long),) if short else ())


def test_an_alias_that_is_short_for_the_title():
    names = ("Chain-of-Thought Prompting Elicits Reasoning", "CoT")
    assert find_acronyms("", names) == (("cot", "chain of thought"),)


def test_aliases_explain_each_other():
    names = ("A Title", "DAS", "Diffusion Alignment as Sampling")
    assert find_acronyms("", names) == (("das", "diffusion alignment as sampling"),)


def test_each_pair_comes_once():
    text = "Preference Optimization (PO). Later Preference Optimization (PO)."
    assert find_acronyms(text) == (("po", "preference optimization"),)


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        (50, lambda n: f"{'aaa ' * 20}(AAAAAAAAAB)" * n),
        (5, lambda n: f"{'aaa ' * 2 * n}({'A' * n}B)"),
    ],
    ids=["many brackets", "many letters"],
)
def test_a_text_that_could_be_read_in_many_ways_is_read_in_linear_time(size, shape):
    def read(size: int) -> None:
        assert len(find_acronyms(shape(size))) <= 1

    assert_linear(read, size)
