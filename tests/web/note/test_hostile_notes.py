"""Notes that were written to do harm: no markup of theirs comes into the page, nor takes long."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.web.note.note_html import render_note
from tests.linear_time import assert_linear
from tests.web.note.html_allowlist import faults_of
from tests.web.note.shown_notes import read, show, stored

HOSTILE = yaml.safe_load(Path(__file__).with_name("hostile_markup.yaml").read_text("utf-8"))
CHROMIUM = shutil.which("chromium")
PIECES = HOSTILE["markup"] + HOSTILE["signs"]


@pytest.mark.parametrize("link", HOSTILE["links"])
def test_no_link_leads_where_it_should_not(link):
    for address in HOSTILE["addresses"]:
        html = str(show("Some words.\n\n" + link.replace("ADDRESS", address)).html)
        assert faults_of(html) == [], address


@pytest.mark.parametrize("markup", HOSTILE["markup"])
def test_markup_of_a_note_is_text_or_nothing(markup):
    nested, linked = f"- {markup}\n  > {markup}\n", f"**{markup}** [{markup}](b.md)"
    for text in (markup, nested, linked, f"a {markup} b"):
        shown = show(f"Some words.\n\n{text}", highlight=(1, 9))
        assert faults_of(str(shown.html)) == []


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from(["md", "org"]))
def test_any_mixture_of_markup_is_safe(text, suffix):
    note, passages = read("Some words.\n", f"notes/a.{suffix}")
    passage = replace(passages[0], text=text, line_end=text.count("\n") + 1)
    shown = render_note(
        stored(note),
        [passage],
        highlight=(1, 2),
        link_to_note=lambda _, target: '/note/b?x=1&y="2"' if target == "b.md" else None,
        image_url=lambda path: f"/files/{path}",
    )
    assert faults_of(str(shown.html)) == []


DEEP: dict[str, Callable[[int], str]] = {
    "quotes": lambda n: ">" * n + " x",
    "quotes on lines": lambda n: "\n".join(">" * (at % 60) + " x" for at in range(n // 30)),
    "items": lambda n: "- " * (n // 2) + "x",
    "indented items": lambda n: "\n".join(" " * 2 * at + "- x" for at in range(int(n**0.5))),
    "quotes in items": lambda n: "- > a\n" * (n // 6),
    "lazy quote": lambda n: "> a\n" + "b\n" * (n // 2),
    "brackets": lambda n: "[" * n,
    "images": lambda n: "![" * (n // 2),
    "images in images": lambda n: "![" * (n // 10) + "x" + "](a)" * (n // 10),
    "ticks": lambda n: "".join("`" * (at % 100) + "a" for at in range(n // 50)),
    "stars": lambda n: "*a **b " * (n // 7),
    "dollars": lambda n: "$a " * (n // 3),
    "letters in dollars": lambda n: "$" + "a" * n + "$",
    "open displays": lambda n: "\\[a\n\n$$\n\n\\begin{align}\n\n" * (n // 26),
    "open comments": lambda n: "<!--\n\n" * (n // 6),
    "comments in a line": lambda n: "<!--" * (n // 4),
    "scripts": lambda n: "<script>" * (n // 8),
    "tags": lambda n: "<b><i>" * (n // 12) + "</b>" * (n // 8),
    "attributes": lambda n: "<img " + "a=b " * (n // 4) + ">",
    "wikilinks": lambda n: "[[a|" * (n // 4),
    "footnotes": lambda n: "[^a" * (n // 3) + "\n\n[^x]: y",
    "footnotes in footnotes": lambda n: "[^a]: " * (n // 6),
    "addresses": lambda n: "http:" * (n // 5),
    "closed brackets": lambda n: "http://a.org/" + ")" * n,
    "highlights": lambda n: "==a " * (n // 4),
    "definitions": lambda n: "[a]: <b\n" * (n // 8),
    "callouts": lambda n: "> [!" * (n // 4),
    "rows": lambda n: "|x|y|\n" * (n // 6),
    "cells": lambda n: "|a|b|\n|-|-|\n" + "|x|y|\n" * (n // 6),
    "underlined": lambda n: "a\n---\n" * (n // 6),
    "headings": lambda n: "# a\n" * (n // 4),
}


@pytest.mark.slow
@pytest.mark.parametrize("make", DEEP.values(), ids=DEEP)
def test_time_is_linear_in_the_size_of_a_note(make):
    note, passages = read("Some words.\n")

    def render(size: int) -> None:
        passage = replace(passages[0], text=make(size))
        shown = render_note(
            stored(note), [passage], link_to_note=lambda *_: None, image_url=lambda _: None
        )
        if size < 10_000:
            assert faults_of(str(shown.html)) == []

    assert_linear(render, 8_000)


@pytest.mark.parametrize("mark", [">", "> ", "- ", "1. ", "* > "])
def test_text_in_ten_thousand_levels_is_shown(mark):
    html = str(show("Some words.\n\n" + mark * 10_000 + "the innermost").html)
    assert "the innermost" in html
    assert html.count("<blockquote>") + html.count("<li>") <= 60
    assert faults_of(html) == []


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_browser_runs_and_fetches_nothing_of_a_hostile_note():
    from playwright.sync_api import sync_playwright

    links = [
        link.replace("ADDRESS", address)
        for link in HOSTILE["links"]
        for address in HOSTILE["addresses"]
    ]
    nothing = {"link_to_note": lambda *_: None, "image_url": lambda _: None}
    notes = [f"Some words.\n\n{note}" for note in links + HOSTILE["markup"]]
    pages = [f"<div>{show(note, **nothing).html}</div>" for note in notes]
    met: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("dialog", lambda dialog: (met.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: met.append(request.url))
        page.on("console", lambda message: met.append(message.text))
        page.on("pageerror", lambda error: met.append(str(error)))
        page.set_content("<meta charset=utf-8>" + "".join(pages))
        page.wait_for_timeout(200)
        assert page.locator("script, iframe, svg, style, [onclick], [onerror]").count() == 0
        assert page.locator("body > div").count() == len(pages)
        followed = page.eval_on_selector_all("a", "links => links.map(link => link.protocol)")
        browser.close()
    assert met == []
    assert set(followed) <= {"http:", "https:", "mailto:", "about:"}
