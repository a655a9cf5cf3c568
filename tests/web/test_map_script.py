"""The script of the map in a real browser: what a person sees, points at, draws and types."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web.map_page import serve_map

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

HOSTILE = "<img src=x onerror=alert(1)> & <b>bold</b>"
# Four notes in the corners of a cross, and one whose words are meant to be run.
NOTES = [
    {"id": "rl/dpo.md", "title": "DPO", "x": 0.2, "y": 0.5, "year": 2023, "tags": ["rl"]},
    {"id": "rl/ppo.md", "title": "PPO", "x": 0.3, "y": 0.6, "year": 2017, "tags": ["rl"]},
    {"id": "vit.md", "title": "ViT", "x": 0.8, "y": 0.5, "year": 2020, "tags": ["vision"]},
    {"id": "sam.md", "title": "SAM", "x": 0.8, "y": 0.6, "date": "2023-05", "tags": ["Vision"]},
    {"id": "a b/ü#%?.md", "title": HOSTILE, "x": 0.5, "y": 0.1, "tags": [HOSTILE, HOSTILE]},
]
for _note in NOTES:
    _note.update({"year": _note.get("year"), "date": _note.get("date")})
MAP = {
    "notes": NOTES,
    "labels": [{"text": "rl", "x": 0.2, "y": 0.5}, {"text": "vision", "x": 0.8, "y": 0.5}],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, dict[str, Any]]]:
    with serve_map(MAP) as served:
        yield served


@pytest.fixture
def page(browser: Browser, served: tuple[str, dict[str, Any]]) -> Iterator[Page]:
    """The page of the map, on which no script may fail."""
    served[1]["map"] = MAP
    context = browser.new_context(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(dialog.message))
    page.goto(served[0])
    expect(page.locator(".map-status")).to_have_text(
        "5 notes, those of like meaning side by side. Draw a frame to choose some."
    )
    collect_events(page)
    yield page
    context.close()
    # The hint is about what the tests read, and nobody else does.
    assert [error for error in errors if "willReadFrequently" not in error] == []


def collect_events(page: Page) -> None:
    page.evaluate(
        """() => {
            window.frames_drawn = [];
            window.opened = [];
            document.addEventListener("frame", (event) => frames_drawn.push(event.detail.ids));
            document.addEventListener("open", (event) => {
                opened.push(event.detail.id);
                if (window.stay) event.preventDefault();
            });
        }"""
    )


def place_of(page: Page, number: int) -> tuple[float, float]:
    """Return where a note is in the window: the map fills the canvas, stretched 1.7 at most."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    width, height = box["width"] - 2, box["height"] - 2  # without its border
    wide, high = min(width, height * 1.7), min(height, width * 1.7)
    return (
        box["x"] + 1 + width / 2 + (NOTES[number]["x"] - 0.5) * wide,
        box["y"] + 1 + height / 2 + (NOTES[number]["y"] - 0.5) * high,
    )


def colour_at(page: Page, number: int) -> list[int]:
    """Return the colour of the canvas at a note, once it is painted."""
    x, y = place_of(page, number)
    return page.evaluate(
        """async ([x, y]) => {
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            const canvas = document.getElementById("map");
            const box = canvas.getBoundingClientRect();
            const ratio = canvas.width / canvas.clientWidth;
            const [left, top] = [(x - box.left - 1) * ratio, (y - box.top - 1) * ratio];
            return [...canvas.getContext("2d").getImageData(left, top, 1, 1).data];
        }""",
        [x, y],
    )


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def frame_left_half(page: Page) -> None:
    x, y = place_of(page, 0)
    drag(page, (x - 40, y - 40), (x + 200, y + 140))


def test_notes_are_points_in_the_colours_of_their_tags(page: Page):
    colours = [colour_at(page, number) for number in range(5)]
    assert all(colour[3] > 100 for colour in colours)
    assert colours[0] == colours[1]
    assert colours[2] == colours[3]
    assert colours[0] != colours[2]
    legend = page.locator(".map-legend button")
    assert legend.all_text_contents() == ["rl 2", "vision 2", "other 1"]


def test_notes_are_coloured_by_the_year_of_the_paper_or_else_of_the_note(page: Page):
    page.get_by_label("Colour by").select_option("year")
    legend = page.locator(".map-legend button")
    assert legend.all_text_contents() == ["2017 1", "2020 1", "2023 2", "no year 1"]
    assert colour_at(page, 0) == colour_at(page, 3)
    assert colour_at(page, 1) != colour_at(page, 0)


def test_entry_of_the_legend_lets_the_others_fade(page: Page):
    page.get_by_role("button", name="rl 2").click()
    assert colour_at(page, 2)[3] < 50 < colour_at(page, 0)[3]
    page.get_by_role("button", name="rl 2").click()
    assert colour_at(page, 2)[3] > 100


def test_pointing_at_a_note_shows_its_title(page: Page):
    tip = page.locator(".map-tip")
    expect(tip).to_be_hidden()
    x, y = place_of(page, 2)
    page.mouse.move(x + 3, y - 3)
    expect(tip).to_be_visible()
    expect(tip).to_have_text("ViT2020 · vision")
    page.mouse.move(x, y - 100)
    expect(tip).to_be_hidden()


def test_words_of_a_note_are_text_and_nothing_more(page: Page):
    page.mouse.move(*place_of(page, 4))
    assert HOSTILE in page.locator(".map-tip").inner_text()
    assert page.locator(".map-list a").nth(4).inner_text() == HOSTILE
    assert page.locator("img, b").count() == 0


def test_click_opens_the_note_by_its_id(page: Page, served: tuple[str, dict[str, Any]]):
    page.mouse.click(*place_of(page, 4))
    page.wait_for_url(f"{served[0]}/note/a%20b%2F%C3%BC%23%25%3F.md")


def test_page_may_open_a_note_itself(page: Page, served: tuple[str, dict[str, Any]]):
    page.evaluate("() => { window.stay = true; }")
    page.mouse.click(*place_of(page, 0))
    assert page.evaluate("() => opened") == ["rl/dpo.md"]
    assert page.url == f"{served[0]}/"


def test_frame_gives_the_ids_of_the_notes_in_it(page: Page):
    frame_left_half(page)
    assert page.evaluate("() => frames_drawn") == [["rl/dpo.md", "rl/ppo.md"]]
    expect(page.locator(".map-status")).to_have_text("2 notes in the frame")
    assert page.locator(".map-list a").all_inner_texts() == ["DPO", "PPO"]
    assert colour_at(page, 2)[3] < 50 < colour_at(page, 0)[3]
    assert page.evaluate("() => opened") == []


@pytest.mark.parametrize("how", ["button", "Escape", "click"])
def test_frame_can_be_dropped(page: Page, how: str):
    frame_left_half(page)
    if how == "button":
        page.get_by_role("button", name="Drop the frame").click()
    elif how == "click":
        x, y = place_of(page, 4)
        page.mouse.click(x + 200, y)
    else:
        page.locator("#map").focus()
        page.keyboard.press("Escape")
    assert page.evaluate("() => frames_drawn")[1:] == [[]]
    assert colour_at(page, 2)[3] > 100
    expect(page.get_by_role("button", name="Drop the frame")).to_be_hidden()


def test_keys_go_from_note_to_note_and_open_one(page: Page, served: tuple[str, dict[str, Any]]):
    page.locator("#map").focus()
    titles = []
    for key in ("Home", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
        titles.append(page.locator(".map-status").inner_text())
    assert titles == ["PPO", "DPO", "DPO", "PPO", "DPO"]
    expect(page.locator(".map-tip")).to_contain_text("DPO")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served[0]}/note/rl%2Fdpo.md")


def test_keys_frame_what_is_on_the_screen(page: Page):
    page.locator("#map").focus()
    page.keyboard.press("f")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    for _ in range(4):
        page.keyboard.press("+")
    page.keyboard.press("f")
    assert page.evaluate("() => frames_drawn.map((ids) => ids.length)") == [5, 1]
    page.keyboard.press("0")
    page.keyboard.press("f")
    assert len(page.evaluate("() => frames_drawn.at(-1)")) == 5


def test_keys_of_the_page_reach_the_page(page: Page):
    page.evaluate(
        """() => {
            window.typed = [];
            document.addEventListener("keydown", (event) => typed.push(event.key));
        }"""
    )
    page.locator("#map").focus()
    page.keyboard.press("/")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+f")
    assert page.evaluate("() => typed") == ["/", "Control", "f"]
    assert page.evaluate("() => frames_drawn") == []


def test_wheel_zooms_at_the_pointer_and_a_drag_with_shift_moves(page: Page):
    x, y = place_of(page, 2)
    page.mouse.move(x, y)
    for _ in range(3):
        page.mouse.wheel(0, -400)
    page.mouse.move(x + 1, y)
    expect(page.locator(".map-tip")).to_contain_text("ViT")  # it stays where it was

    page.keyboard.down("Shift")
    drag(page, (x, y), (x - 150, y + 30))
    page.keyboard.up("Shift")
    assert page.evaluate("() => frames_drawn") == []
    page.mouse.move(x, y)
    expect(page.locator(".map-tip")).to_be_hidden()
    page.mouse.move(x - 150, y + 30)
    expect(page.locator(".map-tip")).to_contain_text("ViT")
    page.get_by_role("button", name="Whole map").click()
    page.mouse.move(x, y)
    expect(page.locator(".map-tip")).to_contain_text("ViT")


def test_drag_moves_where_the_button_says_so(page: Page):
    page.get_by_role("button", name="Drag to move").click()
    page.get_by_role("button", name="Zoom in").click()
    frame_left_half(page)
    assert page.evaluate("() => frames_drawn") == []


def test_two_fingers_zoom_and_draw_no_frame(page: Page):
    x, y = place_of(page, 0)
    client = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": px, "y": py, "id": number} for number, (px, py) in enumerate(points)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", (x - 20, y), (x + 20, y))
    touch("touchMove", (x - 60, y), (x + 60, y))
    touch("touchMove", (x - 120, y), (x + 120, y))
    touch("touchEnd")
    page.locator("#map").focus()
    page.keyboard.press("f")
    (ids,) = page.evaluate("() => frames_drawn")
    assert "rl/dpo.md" in ids
    assert len(ids) < 5


def test_colours_follow_the_page(page: Page):
    light = colour_at(page, 0)
    page.emulate_media(color_scheme="dark")
    assert colour_at(page, 0) != light
    page.evaluate("() => document.documentElement.setAttribute('data-theme', 'light')")
    assert colour_at(page, 0) == light


def test_map_follows_the_index_and_keeps_the_frame(page: Page, served: tuple[str, dict[str, Any]]):
    frame_left_half(page)
    new = {"id": "new.md", "title": "New", "x": 0.25, "y": 0.55, "year": None, "tags": []}
    served[1]["map"] = {**MAP, "notes": [new, *NOTES]}
    page.evaluate("() => document.getElementById('map').dispatchEvent(new Event('reload'))")
    expect(page.locator("#map")).to_have_attribute("aria-label", re.compile("^Map of 6 notes: "))
    expect(page.locator(".map-status")).to_have_text("2 notes in the frame")
    assert page.locator(".map-list a").all_inner_texts() == ["DPO", "PPO"]


def test_screen_readers_get_a_name_and_a_list(page: Page):
    canvas = page.locator("#map")
    expect(canvas).to_have_attribute("role", "application")
    expect(canvas).to_have_attribute("aria-label", re.compile("^Map of 5 notes: arrow keys go"))
    links = page.locator(".map-list a")
    assert links.nth(0).get_attribute("href") == "/note/rl%2Fdpo.md"
    assert {links.nth(n).get_attribute("tabindex") for n in range(5)} == {"-1"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_checker_finds_nothing(page: Page, scheme: Any):
    page.emulate_media(color_scheme=scheme)
    page.locator("#map").focus()
    page.keyboard.press("Home")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_map_that_cannot_be_had_says_so(browser: Browser):
    with serve_map(None) as (address, _):
        page = browser.new_page()
        page.goto(address)
        expect(page.locator(".map-status")).to_have_text(
            "The map could not be loaded (503 Service Unavailable); reload the page to try again."
        )
        page.close()


def test_map_without_notes_says_so_and_takes_keys(browser: Browser):
    with serve_map({"notes": [], "labels": []}) as (address, _):
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        expect(page.locator(".map-status")).to_have_text("There are no notes with text yet.")
        page.locator("#map").focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        page.mouse.click(300, 300)
        assert errors == []
        page.close()
