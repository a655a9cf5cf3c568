"""The page of a sentence that somebody remembers, and of two notes side by side."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from notesearch import Index
from notesearch.render.terminal import to_json
from tests.fakes import WordEmbedder
from tests.web.running import Running, running

NEAR = "a policy takes small steps and a graph model scores them"


def words_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize("address", [f"/?quote={quote(NEAR)}", f"/?q={quote(f'“{NEAR}”')}"])
def test_sentence_is_answered_with_what_differs_marked(page: Running, address: str) -> None:
    got = page.get(address)
    assert got.status == 200
    said = words_of(got.text)
    assert "A policy takes small steps, and a [-graph-] {+reward+} model scores them." in said
    assert "What differs: [-your words-] {+words of the note+}" in said
    assert "rl/ppo.md:7" in said
    assert "near 0.88" in said
    assert f'href="/?q={quote(NEAR).replace("%20", "+")}"' in got.text  # it can be asked as well


def test_few_words_in_quotes_are_a_phrase(page: Running) -> None:
    got = page.get("/?q=%22reward+model%22")
    assert "said so" not in got.text
    assert "{+" not in got.text


def test_question_of_some_words_leads_to_who_says_so(page: Running) -> None:
    asked = page.get(f"/?q={quote(NEAR)}").text
    (address,) = re.findall(r'href="([^"]+)">Which note says so', asked)
    assert "What differs" in words_of(page.get(html.unescape(address)).text)
    assert "says so" not in page.get(f"/?q={quote(NEAR)}+tag:alignment").text
    assert "says so" not in page.get("/?q=reward").text


def test_quote_without_a_word_or_of_too_many_is_an_error_with_a_remedy(page: Running) -> None:
    got = page.get(f"/?quote={quote('…?')}")
    assert (got.status, "there is no word in the quote" in words_of(got.text)) == (400, True)
    assert page.get(f"/?quote={'word+' * 300}").status == 400
    assert page.get(f"/?quote={'x' * 2001}").status == 400


def test_programs_get_what_the_library_says(page: Running) -> None:
    got = page.get(f"/api/quote?text={quote(NEAR)}&k=2")
    assert got.json == json.loads(to_json(page.index.quote(NEAR, 2)))
    got = page.get("/api/compare?a=rl/dpo.md&b=rl/ppo.md&pairs=3")
    assert got.json == json.loads(to_json(page.index.compare("rl/dpo.md", "rl/ppo.md", 3)))
    for wrong in ("/api/quote", "/api/compare?a=rl/dpo.md", "/api/compare?a=rl/dpo.md&b=rl/dpo.md"):
        assert page.get(wrong).status == 400
    assert page.get("/api/compare?a=rl/dpo.md&b=no/such.md").status == 404


def test_notes_like_one_lead_to_both_side_by_side(page: Running) -> None:
    note = page.get("/note/rl/dpo.md").text
    address = html.unescape(re.findall(r'class="compare" href="([^"]+)"', note)[0])
    got = page.get(address)
    assert got.status == 200
    said = words_of(got.text)
    assert "A Direct Preference Optimization" in said
    assert ("both speak of" in said.lower(), "Only A" in said, "Only B" in said) == (True,) * 3
    assert 'href="/note/rl/dpo.md?lines=' in got.text


def test_sides_that_cannot_be_compared_are_said(page: Running) -> None:
    assert "both sides are rl/dpo.md" in page.get("/compare?a=rl/dpo.md&b=rl/dpo.md").text
    assert page.get("/compare").status == 400
    several = page.get("/compare?a=survey&b=rl/dpo.md")
    assert several.status == 404
    assert [f'href="/note/{at}/survey.md"' in several.text for at in ("vision", "speech")] == [
        True
    ] * 2


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Running]:
    """Two notes that would run a script."""
    notes = tmp_path / "notes"
    notes.mkdir()
    line = "Clipped policy steps <script>alert(1)</script> shrink the gradient slowly"
    for name in ("one", "two"):
        text = (
            f'# <img src=x onerror=alert(1)> {name}\n\n{line}.\n\nOnly {name} "><b>bold</b> here.\n'
        )
        (notes / f"{name}.md").write_text(text, encoding="utf-8")
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(notes)
        with running(index) as server:
            yield server


@pytest.mark.parametrize(
    "address",
    [
        "/compare?a=one.md&b=two.md",
        "/?quote=clipped+policy+steps+shrink+the+gradient+<script>alert(2)</script>",
        "/compare?a=<script>alert(3)</script>&b=two.md",
    ],
)
def test_words_of_notes_and_addresses_are_text(hostile: Running, address: str) -> None:
    page = hostile.get(address.replace("<", "%3C").replace(">", "%3E")).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>bold" not in page
