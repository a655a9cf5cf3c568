from __future__ import annotations

import re
from pathlib import Path

import pytest

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_notes

CASE = re.compile(
    r"^### ([^\n]+) \((\d+)\)\n\n`{5}\n(.*?)\n`{5}\n\n`{5}\n(.*?)\n`{5}$", re.MULTILINE | re.DOTALL
)
TEXT = (Path(__file__).parent / "chunker_cases.md").read_text(encoding="utf-8")
CASES = CASE.findall(TEXT)


def count_words(texts):
    return [len(re.findall(r"\w+", text)) for text in texts]


def only_note(text, path="a.md"):
    (note,) = read_notes(path, text.encode()).notes
    return note


def cut(text, max_tokens=60, path="a.md", count=count_words):
    return chunk_note(only_note(text, path), max_tokens=max_tokens, count=count)


def show(passage):
    role = "".join(f" · {role.value}" for role in passage.roles)
    head = f"[{passage.line_start}-{passage.line_end}] {' > '.join(passage.section)}{role}"
    return f"{head.rstrip()}\n{passage.text}"


@pytest.mark.parametrize(
    ("max_tokens", "text", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_note_is_cut_as_in_the_case(max_tokens, text, expected):
    assert "\n".join(map(show, cut(text, int(max_tokens)))) == expected


def test_every_case_of_the_file_is_read():
    assert len(CASES) == len(re.findall(r"^### .+ \(\d+\)$", TEXT, re.MULTILINE))


def test_search_text_is_the_title_and_the_words():
    (passage,) = cut(
        "---\ntitle: On DPO\n---\n## Method\n\nIt uses $\\pi_\\theta$ and **no** reward."
    )
    assert passage.search_text == "On DPO\nMethod\n\nIt uses pi theta and no reward."


def test_title_stands_once_where_the_text_begins_with_it():
    first, second = cut("# On DPO\n\none two three four\n\nfive six seven eight", max_tokens=8)
    assert first.search_text == "On DPO\none two three four"
    assert second.search_text == "On DPO\nfive six seven eight"


def test_title_stands_once_where_the_text_begins_with_its_number():
    rows = "".join(
        f"| {n}) Lamp{n}  They burn all night long. | http://a.org |\n" for n in (1, 2, 3)
    )
    notes = read_notes("a.md", f"| Paper | Link |\n|---|---|\n{rows}".encode()).notes
    texts = [
        chunk_note(note, max_tokens=60, count=count_words)[0].search_text for note in notes[:2]
    ]
    assert texts == ["Lamp1\nThey burn all night long.", "Lamp2\nThey burn all night long."]


def test_title_is_not_taken_out_of_a_longer_word():
    (passage,) = cut("---\ntitle: Lamp\n---\nLamplight burns.")
    assert passage.search_text == "Lamp\nLamplight burns."


def test_a_long_title_leaves_room_for_the_text():
    title = " ".join(f"word{n}" for n in range(40))
    passages = cut(f"# {title}\n\nthe text itself", max_tokens=16)
    assert all(passage.search_text.startswith("word0 word1") for passage in passages)
    assert passages[-1].text.endswith("the text itself")


def test_same_text_twice_gets_two_ids_that_stay():
    passages = cut("# A\n\nsame words here\n\nsame words here\n\nsame words here", max_tokens=4)
    texts = [passage.text for passage in passages]
    assert texts[-2:] == ["same words here"] * 2
    assert len({passage.id for passage in passages}) == len(passages)


def test_notes_with_the_same_text_have_passages_of_their_own():
    (one,), (other,) = cut("some words", path="one.md"), cut("some words", path="other.md")
    assert one.text == other.text
    assert one.id != other.id


def test_a_word_longer_than_the_room_is_split():
    def count_characters(texts):
        return [len(text) for text in texts]

    passages = cut("x" * 50, max_tokens=12, count=count_characters)
    assert "".join(passage.text for passage in passages) == "x" * 50
    assert all(passage.tokens <= 12 for passage in passages)


def test_a_note_of_nothing_but_rules_has_no_words_to_find():
    assert [passage.search_text for passage in cut("# On DPO\n\n---\n\n***")] == ["On DPO"]
