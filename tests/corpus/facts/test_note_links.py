"""Every case of link_cases.md, and that no text takes long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from notesearch.corpus.reader import read_notes
from notesearch.records import LinkKind, NoteLink
from tests.linear_time import assert_linear

CASES = re.findall(
    r"^## (.+)\n`{5}(.+)\n((?:.*\n)*?)`{5}\n`{5}yaml\n((?:.*\n)*?)`{5}$",
    Path(__file__).with_name("link_cases.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


class PlainDates(yaml.SafeLoader):
    """Leaves a date the text that it is."""


PlainDates.yaml_implicit_resolvers = {
    sign: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for sign, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def links_of(path: str, text: str) -> tuple[NoteLink, ...]:
    return tuple(link for note in read_notes(path, text.encode()).notes for link in note.note_links)


@pytest.mark.parametrize(
    ("path", "text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_case(path: str, text: str, expected: str) -> None:
    found = [
        [link.line, link.kind.value, link.target, link.sentence] for link in links_of(path, text)
    ]
    assert found == yaml.load(expected, Loader=PlainDates)


def test_every_case_is_read() -> None:
    cases = Path(__file__).with_name("link_cases.md").read_text(encoding="utf-8")
    assert len(CASES) == len(re.findall("^## ", cases, re.MULTILINE)) > 10


def test_each_part_of_a_digest_has_its_own_links() -> None:
    text = (
        "## [A](https://arxiv.org/abs/2301.00001)\nSee [[x]].\n\n"
        "## [B](https://arxiv.org/abs/2301.00002)\nSee [[y]].\n"
    )
    notes = read_notes("digest.md", text.encode()).notes
    assert [[link.target for link in note.note_links] for note in notes] == [["x"], ["y"]]


def test_long_sentence_is_cut_around_its_link() -> None:
    (link,) = links_of("a.md", f"{'before ' * 60}[[dpo]] {'after ' * 60}\n")
    assert link.sentence.startswith("… before")
    assert link.sentence.endswith("after …")
    assert "dpo" in link.sentence
    assert len(link.sentence) <= 204


def test_ids_of_an_org_file_and_its_headings_are_kept() -> None:
    text = (
        ":PROPERTIES:\n:ID: 5a1d-77\n:END:\n#+title: A\nWords.\n\n"
        "* Limits\n:PROPERTIES:\n:ID:  b2\n:END:\nMore.\n"
    )
    assert read_notes("a.org", text.encode()).notes[0].link_ids == ("5a1d-77", "b2")
    front = "---\nid: 5a1d-77\n---\nWords.\n"
    assert read_notes("a.md", front.encode()).notes[0].link_ids == ()


def test_labels_of_an_rst_file_are_kept() -> None:
    text = ".. _top label:\n\nTitle\n=====\n\n.. _site: https://a.org\n.. _`in: here`:\n\nWords.\n"
    assert read_notes("a.rst", text.encode()).notes[0].link_ids == ("top label", "in: here")


@pytest.mark.parametrize(
    "piece",
    [
        "[[a]] ", "[x](a.md) ", "[[", "](", "](a", "[x](a(b", "[x](<a", "![", "`[[a]]", "``` ` ",
        "$[[a]]", "$ [[a]] ", "[[a]]\n", "[[a]]. ", "- [[a]]\n", "|[[a]]|\n", "> [[a]]\n> - ",
        "@a ", "@a.", "@a-", "@{a", "arXiv:2301.00001 ", "arxiv ",
        "[arXiv:2301.00001](a.md)", "[[@a]] ",
    ],
)  # fmt: skip
def test_any_text_is_read_in_linear_time(piece: str) -> None:
    assert_linear(lambda size: links_of("a.md", f"Words. {piece * size}\n"), 2_000)


def test_blank_lines_beside_many_links_are_not_read_again_and_again() -> None:
    line = "[[a]] " * 2_000
    assert_linear(lambda size: links_of("a.md", f"x {' ' * size}\n{line}\n{'=' * size}"), 20_000)


def test_kinds_are_those_of_the_index() -> None:
    assert {kind.value for kind in LinkKind} == {
        "wikilink", "embed", "markdown", "org", "rst", "citation", "paper",
    }  # fmt: skip
