"""The page as a person uses it, in Chromium."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notesearch import Index
from notesearch.watch import IndexWatch
from tests.conftest import make_library
from tests.fakes import WordEmbedder
from tests.web.running import Running, running

sync_api = pytest.importorskip("playwright.sync_api", reason="the extra dev")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
expect = sync_api.expect
expect.set_options(timeout=30_000)  # milliseconds; a machine may be busy with other tests

DIALOG_NOTE = """# <script>alert(1)</script> of a reward

<img src=x onerror=alert(2)> A reward [here](javascript:alert(3)) and `<b>`.
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # As root, and in many containers, Chromium's own sandbox cannot be made.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Running]:
    """The page of a library of the test's own."""
    make_library(tmp_path)
    (tmp_path / "corpus/hostile.md").write_text(DIALOG_NOTE, encoding="utf-8")
    embedder = WordEmbedder(name="notesearch-encoder")
    with Index.open(tmp_path / "index", embedder) as index:
        index.update()
        with running(index, watch=IndexWatch(index)) as server:
            yield server


@pytest.fixture
def tab(browser: Any, served: Running) -> Iterator[Any]:
    """A tab at the page's start; nothing may be said on its console, or asked of another host."""
    context = browser.new_context(base_url=served.address)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    tab.on(
        "request",
        lambda request: request.url.startswith(served.address) or wrong.append(request.url),
    )
    tab.goto("/")
    expect(tab.locator("#q")).to_be_focused()  # or a first letter would be lost
    yield tab
    context.close()
    assert [text for text in wrong if "ERR_FAILED" not in text] == []  # what a test has cut off


def titles(tab: Any) -> Any:
    return tab.locator(".hits .title")


def test_answers_come_while_typing_and_the_address_is_the_question(tab):
    expect(tab.locator("h1")).to_have_text("Newest of 6 notes")
    tab.keyboard.type("reward policy", delay=20)  # the field has the focus
    expect(titles(tab).first).to_have_text("Proximal Policy Optimization")
    expect(tab).to_have_url(re.compile(r"/\?q=reward\+policy$"))
    expect(tab.locator(".snippet mark").first).to_be_visible()
    tab.go_back()
    expect(tab.locator("h1")).to_have_text("Newest of 6 notes")
    expect(tab.locator("#q")).to_have_value("")
    tab.go_forward()
    expect(titles(tab).first).to_have_text("Proximal Policy Optimization")
    expect(tab.locator("#q")).to_have_value("reward policy")


def test_filter_is_clicked_on_and_away_and_a_note_is_opened_and_left(tab):
    tab.fill("#q", "reward")
    expect(tab).to_have_title("reward – notesearch")
    tab.click("aside >> text=alignment")
    expect(tab.locator(".chips a")).to_have_text("tag:alignment ×")
    expect(tab.locator("#q")).to_have_value("reward tag:alignment")
    expect(titles(tab)).to_have_count(2)
    titles(tab).first.click()
    expect(tab.locator("article h1")).to_have_text(re.compile("Optimization"))
    expect(tab.locator("#asked")).to_be_in_viewport()
    expect(tab.locator("aside")).to_contain_text("Notes like this")
    tab.locator("aside section li a").first.click()
    expect(tab.locator("article h1")).to_have_count(1)
    tab.go_back()
    tab.go_back()
    expect(titles(tab)).to_have_count(2)
    tab.click(".chips a")
    expect(tab.locator("#q")).to_have_value("reward")
    expect(tab.locator(".chips")).to_have_count(0)


def test_what_was_asked_for_last_is_shown(tab):
    tab.evaluate(  # in one go, so that the question is not yet asked
        "const field = document.querySelector('#q'); field.value = 'reward';"
        "field.dispatchEvent(new Event('input'));"
        "document.querySelector('.hits .title').click()"
    )
    expect(tab.locator("article")).to_be_visible()
    tab.wait_for_timeout(300)
    expect(tab).to_have_url(re.compile("/note/"))
    tab.go_back()
    expect(tab.locator("h1")).to_have_text("Newest of 6 notes")
    tab.fill("#q", "policy")
    tab.evaluate("document.querySelector('form').requestSubmit(); history.back()")
    expect(tab.locator("#q")).to_have_value("")
    tab.wait_for_timeout(300)
    expect(tab.locator("h1")).to_have_text("Newest of 6 notes")


def test_keys_go_from_note_to_note(tab):
    tab.keyboard.type("reward")
    expect(tab).to_have_title("reward – notesearch")
    tab.keyboard.press("Escape")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    tab.keyboard.press("k")
    expect(titles(tab).first).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator("article")).to_be_visible()
    tab.keyboard.press("u")
    expect(titles(tab).first).to_be_visible()
    tab.keyboard.press("?")
    expect(tab.locator("dialog")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.locator("dialog")).to_be_hidden()
    tab.keyboard.press("/")
    expect(tab.locator("#q")).to_be_focused()


def test_wrong_line_is_shown_with_its_place_and_mended_while_typing(tab):
    tab.keyboard.type("reward tag:aligment")
    expect(tab.locator("main [role=alert]")).to_contain_text("did you mean alignment")
    expect(tab.locator("pre")).to_have_text(re.compile(r"reward tag:aligment\n +\^+"))


def test_answer_stays_while_a_filter_is_typed(tab):
    tab.keyboard.type("reward tag:align")
    expect(tab.locator("main [role=alert]")).to_be_visible()
    expect(titles(tab).first).to_be_visible()
    tab.keyboard.type("ment")
    expect(tab.locator(".chips a")).to_have_text("tag:alignment ×")
    expect(tab.locator("main [role=alert]")).to_have_count(0)


def test_who_comes_back_finds_the_place(tab):
    tab.set_viewport_size({"width": 900, "height": 300})
    tab.keyboard.type("survey")
    expect(tab).to_have_title("survey – notesearch")
    titles(tab).nth(2).scroll_into_view_if_needed()
    at = tab.evaluate("scrollY")
    assert at > 0
    titles(tab).nth(2).click()
    expect(tab.locator("article")).to_be_visible()
    tab.go_back()
    expect(titles(tab).first).to_be_attached()
    tab.wait_for_function(f"Math.abs(scrollY - {at}) < 5")


def test_server_that_is_gone_is_said(tab, served):
    tab.route("**/*", lambda route: route.abort())
    tab.evaluate("console.error = () => {}")
    tab.keyboard.type("robot")
    expect(tab.locator("#trouble")).to_be_visible()
    expect(titles(tab)).to_have_count(0)
    tab.unroute("**/*")
    tab.keyboard.type("s")
    expect(tab.locator("#trouble")).to_be_hidden()


def test_place_is_copied(tab):
    tab.keyboard.type("policy small steps")
    expect(tab).to_have_title("policy small steps – notesearch")  # no answer comes after that
    tab.locator(".hit").first.hover()
    tab.locator(".copy summary").first.click()
    tab.click("text=place >> nth=0")
    tab.wait_for_function("navigator.clipboard.readText().then((text) => text === 'rl/ppo.md:7')")


def test_markup_of_a_note_runs_nothing(tab):
    tab.keyboard.type("title:alert")
    expect(titles(tab)).to_have_count(1)
    titles(tab).click()
    expect(tab.locator("article h1")).to_contain_text("of a reward")
    assert tab.locator("article a[href^=javascript]").count() == 0
    assert tab.locator("article img, article script").count() == 0


def test_note_that_is_saved_appears_and_goes_without_reloading(tab, tmp_path):
    tab.evaluate("window.isTheSame = true")
    tab.keyboard.type("robot")
    expect(tab).to_have_title("robot – notesearch")
    note = tmp_path / "corpus/robot.md"
    note.write_text("# Robot of today\n\nA robot.\n", encoding="utf-8")
    expect(titles(tab).first).to_have_text("Robot of today")
    expect(tab.locator("#q")).to_be_focused()
    titles(tab).first.click()
    note.write_text("# Robot of today\n\nA robot, and a proof.\n", encoding="utf-8")
    expect(tab.locator("article")).to_contain_text("a proof")
    note.unlink()
    expect(tab.locator("main [role=alert]")).to_contain_text("no note is called")
    assert tab.evaluate("window.isTheSame")


def test_more_tabs_than_a_browser_has_connections_are_open_and_each_is_in_step(tab, tmp_path):
    context = tab.context
    context.add_init_script(  # a browser without a screen takes all its tabs for the one in view
        "let away = false; Object.defineProperty(document, 'hidden', {get: () => away});"
        "window.turn = (to) => { away = to; document.dispatchEvent(new Event('visibilitychange')) }"
    )
    tabs = [context.new_page() for _ in range(8)]
    for other in tabs:
        other.goto("/")
        expect(other.locator("h1")).to_have_text("Newest of 6 notes")
        other.evaluate("turn(true)")
    (tmp_path / "corpus/fresh.md").write_text("# Fresh\n\nNew words.\n", encoding="utf-8")
    expect(tab.locator("h1")).to_have_text("Newest of 7 notes", timeout=15_000)
    expect(tabs[0].locator("h1")).to_have_text("Newest of 6 notes")
    tabs[0].evaluate("turn(false)")
    expect(tabs[0].locator("h1")).to_have_text("Newest of 7 notes")


def test_server_that_is_gone_is_said_to_be(browser, tmp_path):
    make_library(tmp_path)
    with Index.open(tmp_path / "index", WordEmbedder(name="notesearch-encoder")) as index:
        with running(index) as server:
            tab = browser.new_page()
            with tab.expect_response("**/events"):
                tab.goto(server.address)
            expect(tab.locator("#doing")).to_be_hidden()
        expect(tab.locator("#doing")).to_have_text("The server does not answer.", timeout=15_000)
        tab.close()


def test_map_leads_to_notes_and_to_questions_among_some(tab):
    tab.click("header >> text=Map")
    expect(tab.locator("main")).to_contain_text("6 notes")
    box = tab.locator("canvas").bounding_box()
    tab.mouse.move(box["x"] + 2, box["y"] + 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2, steps=3)
    tab.mouse.up()
    tab.click("text=Ask among these")
    expect(titles(tab)).to_have_count(6)
    expect(tab.locator("#q")).to_have_value(re.compile(r'^\(path:"hostile.md" OR '))


def test_it_works_without_a_script(browser, served):
    context = browser.new_context(base_url=served.address, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/")
    tab.fill("#q", "reward policy")
    tab.keyboard.press("Enter")
    expect(titles(tab).first).to_have_text("Proximal Policy Optimization")
    titles(tab).first.click()
    expect(tab.locator("article h1")).to_have_text("Proximal Policy Optimization")
    context.close()


def test_index_that_nobody_watches_is_brought_in_step_by_a_button(browser, tmp_path):
    make_library(tmp_path)
    (tmp_path / "corpus/robot.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")
    embedder = WordEmbedder(name="notesearch-encoder")
    with Index.open(tmp_path / "index", embedder) as index, running(index) as served:
        tab = browser.new_page(base_url=served.address)
        tab.goto("/state")
        expect(tab.locator("main")).to_contain_text("no: 1 added, 0 changed, 0 removed")
        tab.click("text=Update now")
        expect(tab.locator("main")).to_contain_text("6 notes in 6 files")
        tab.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/", "/?q=reward+tag:alignment", "/?q=tag:nonesuch", "/note/rl/dpo.md?lines=8",
             "/?quote=a+policy+takes+steps+and+a+graph+model+scores",
             "/compare?a=rl/dpo.md&b=rl/ppo.md", "/browse", "/map", "/state"],
)  # fmt: skip
def test_screen_readers_and_weak_eyes_are_served(browser, served, path, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for width in (1280, 380):
        context = browser.new_context(
            base_url=served.address,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            bypass_csp=True,
        )
        tab = context.new_page()
        tab.goto(path)
        found = axe.Axe().run(tab).response["violations"]
        assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found] == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context.close()
