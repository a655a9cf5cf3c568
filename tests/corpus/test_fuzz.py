from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.linear_time import assert_linear

ROOT = Path(__file__).parents[2]
INPUTS = 600


def load_fuzzer():
    path = ROOT / "benchmarks" / "fuzz_reading.py"
    spec = importlib.util.spec_from_file_location("fuzz_reading", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fuzzer():
    return load_fuzzer()


@pytest.fixture(scope="module")
def notes(fuzzer):
    found = fuzzer.read_folder(ROOT / "corpus")
    assert found
    return found


def test_hostile_inputs_are_read_and_cut(fuzzer, notes):
    for number in range(INPUTS):
        path, data = fuzzer.make_input(number, 7, notes)
        wrong = fuzzer.check(path, data, timed=False)
        assert wrong is None, f"input {number} {wrong}"


def test_an_input_is_made_again_by_its_number(fuzzer, notes):
    assert fuzzer.make_input(5, 7, notes) == fuzzer.make_input(5, 7, notes)


def test_a_passage_left_out_is_a_find(fuzzer):
    reading = fuzzer.read_notes(
        "x.md", b"# A title\n\nSome text.\n\n## Another\n\n" + b"word " * 90
    )
    passages = fuzzer.chunk_note(
        reading.notes[0], max_tokens=fuzzer.MAX_TOKENS, count=fuzzer.count_words
    )
    assert fuzzer.find_lie(reading.notes[0], passages) is None
    assert fuzzer.find_lie(reading.notes[0], passages[1:]) == "the passages do not tile the note"


SHAPES = {
    "nested lists": lambda n: "- " * n + "word",
    "indented lists": lambda n: "\n".join("  " * (i % 60) + "- word" for i in range(n)),
    "nested quotes": lambda n: "> " * n + "word",
    "brackets": lambda n: "[" * n + "word" + "]" * n,
    "link openings": lambda n: "[word](" * n,
    "spaces": lambda n: "word" + " " * n + "\n" + " \n" * n,
    "dots": lambda n: "word " + "." * n,
    "bold openings": lambda n: "word **a " * n,
    "headings": lambda n: "".join(f"{'#' * (i % 6 + 1)} word{i}\n" for i in range(n)),
    "cells": lambda n: "|word" * n + "|\n" + "|-" * n + "|\n" + "|word" * n + "|",
    "unclosed fences": lambda n: "```py\nword\n\n" * n,
    "unclosed math": lambda n: "$$\nword\n\n" * n,
    "one word": lambda n: "word" * n,
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_shape_repeated_without_end_is_read_in_linear_time(fuzzer, shape):
    def read(size: int) -> None:
        text = "Some words first.\n\n" + shape(size)
        assert fuzzer.check("x.md", text.encode(), timed=False) is None

    assert_linear(read, 1_000)
