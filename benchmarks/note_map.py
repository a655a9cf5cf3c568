"""How long the map of all notes takes, and how much of who is near whom it keeps.

python benchmarks/note_map.py                       # of the notes in ../shared/data/wild
python benchmarks/note_map.py --index FOLDER        # of an index that is there, left as it is
python benchmarks/note_map.py --only layout|index|page
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance import DATA
from notesearch import Index, NoteMap
from notesearch.index.index_layout import IndexLayout
from notesearch.note_map.kept_map import _read_notes
from notesearch.note_map.map_layout import Rows, lay_out, nearest_notes, settle
from notesearch.settings import Settings

MEANT, SHOWN = 10, 30
RUNS = 3
SIZES = (1_000, 5_000, 20_000)
WHEEL_TURNS = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path)
    parser.add_argument("--only", choices=["layout", "index", "page"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        index_dir = Path(scratch) / "index"
        if given.index is not None:
            shutil.copytree(given.index, index_dir)
            IndexLayout(index_dir).note_map.unlink(missing_ok=True)
        else:
            with Index.open(create=True, settings=Settings(index=index_dir)) as index:
                index.update(DATA / "wild" / "notes")
        with Index.open(settings=Settings(index=index_dir)) as index:
            with index._snapshot() as snapshot:
                vectors = _read_notes(snapshot)[1]
            if given.only in (None, "layout"):
                measure_layout(vectors)
            if given.only in (None, "index"):
                measure_index(index)
            if given.only in (None, "page"):
                measure_page(index.map())


# ---------------------------------------------------------------- the layout alone


def measure_layout(vectors: Rows) -> None:
    print("\n| notes | layout | s of the processor | share kept |\n|---|---|---|---|")
    ways: dict[str, Callable[[Rows], NDArray[np.floating]]] = {
        "principal components": first_components,
        "notesearch": lay_out,
    }
    if find_spec("sklearn"):
        ways["scikit-learn's TSNE, perplexity 30"] = by_sklearn
    for some in (vectors[:1_000], vectors):
        for name, way in ways.items():
            places, seconds = timed(lambda way=way, some=some: way(some), 1)  # type: ignore[misc]
            print(f"| {len(some)} | {name} | {seconds:.2f} | {share_kept(some, places):.3f} |")

    print("\n| notes | all, s of the processor | peak MB | one more | a tenth more |")
    print("|---|---|---|---|---|")
    for size in SIZES:
        some = made_up_to(vectors, size)
        places, seconds = timed(lambda some=some: lay_out(some))  # type: ignore[misc]
        tracemalloc.start()
        lay_out(some)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        more = [
            timed(lambda n=n, s=some, p=places: settle(s, p, np.arange(len(s) - n, len(s))))[1]  # type: ignore[misc]
            for n in (1, size // 10)
        ]
        print(f"| {size} | {seconds:.2f} | {peak:.0f} | {more[0]:.3f} | {more[1]:.2f} |")


def made_up_to(vectors: Rows, size: int) -> Rows:
    """Return as many vectors as are asked for: where there are fewer, some again, and near."""
    dice = np.random.default_rng(1)
    again = vectors[dice.integers(len(vectors), size=max(size - len(vectors), 0))]
    noise = dice.normal(scale=0.5 / vectors.shape[1] ** 0.5, size=again.shape)
    again = again + noise.astype(np.float32)
    again /= np.linalg.norm(again, axis=1, keepdims=True)
    return np.concatenate([vectors[:size], again])


def first_components(vectors: Rows) -> NDArray[np.floating]:
    centred = vectors - vectors.mean(axis=0)
    components: NDArray[np.floating] = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -2:]
    return components


def by_sklearn(vectors: Rows) -> NDArray[np.floating]:
    from sklearn.manifold import TSNE

    places: NDArray[np.floating] = TSNE(init="pca", random_state=0, n_jobs=2).fit_transform(vectors)
    return places


def share_kept(vectors: Rows, places: NDArray[np.floating]) -> float:
    """Return which share of the ten nearest are among the thirty nearest on the map."""
    meant = nearest_notes(vectors, np.arange(len(vectors)), MEANT)
    kept = 0
    for at, place in enumerate(places):
        apart = ((places - place) ** 2).sum(axis=1)
        apart[at] = np.inf
        kept += len(np.intersect1d(meant[at], np.argpartition(apart, SHOWN)[:SHOWN]))
    return kept / (MEANT * len(vectors))


def timed(act: Callable[[], NDArray[np.floating]], runs: int = RUNS) -> tuple[Rows, float]:
    """Return the result and the processor's seconds, in the median."""
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        result = act()
        seconds.append(time.process_time() - start)
    return result.astype(np.float32), statistics.median(seconds)


# ---------------------------------------------------------------- beside the work of an index


def measure_index(index: Index) -> None:
    print("\n| | s |\n|---|---|")
    start = time.perf_counter()
    notes = len(index.map().notes)
    print(f"| first map of {notes} notes, from the catalog to labels | {since(start)} |")
    with Index.open(settings=Settings(index=index.index_dir)) as again:
        start = time.perf_counter()
        again.map()
        print(f"| the map that the folder keeps, in another process | {since(start)} |")
    start = time.perf_counter()
    index.add("A robot learns to fold towels from three demonstrations.", id="one more")
    print(f"| an update by one note | {since(start)} |")
    start = time.perf_counter()
    index.map()
    print(f"| the map after it | {since(start)} |")
    start = time.perf_counter()
    index.map()
    print(f"| the map that is there | {since(start)} |")


def since(start: float) -> str:
    return f"{time.perf_counter() - start:.4f}"


# ---------------------------------------------------------------- the page


def measure_page(drawn: NoteMap) -> None:
    from playwright.sync_api import sync_playwright

    from tests.web.map_page import serve_map

    print("\n| points | wheel turned: script a picture, ms | the slowest | pictures a second |")
    print("|---|---|---|---|")
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for size in SIZES:
            with serve_map(served(drawn, size)) as (address, _):
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                page.goto(address)
                page.locator(".map-status", has_text="notes, those").wait_for()
                painted, spans = page.evaluate(_TURN_THE_WHEEL, WHEEL_TURNS)
                page.close()
            rate = 1000 * len(spans) / sum(spans)
            median = statistics.median(painted)
            print(f"| {size} | {median:.1f} | {max(painted):.1f} | {rate:.0f} |")
        browser.close()


def served(drawn: NoteMap, size: int) -> dict[str, object]:
    """Return a map of so many points as a page gets it, some notes again beside themselves."""
    dice = np.random.default_rng(1)
    notes = list(drawn.notes[:size])
    notes += [drawn.notes[at] for at in dice.integers(len(drawn.notes), size=size - len(notes))]
    return {
        "notes": [
            {
                "id": f"{number} {note.note_id}",
                "title": note.title,
                "x": float(np.clip(note.x + x, 0, 1)),
                "y": float(np.clip(note.y + y, 0, 1)),
                "year": note.year,
                "date": note.date,
                "tags": note.tags,
            }
            for number, (note, (x, y)) in enumerate(
                zip(notes, dice.normal(scale=0.003, size=(size, 2)), strict=True)
            )
        ],
        "labels": [{"text": label.text, "x": label.x, "y": label.y} for label in drawn.labels],
    }


# Zoom in and out; how long the script takes for each picture, and the time between pictures.
_TURN_THE_WHEEL = """async (turns) => {
    const canvas = document.getElementById("map");
    const [painted, spans] = [[], []];
    let start = 0;
    canvas.addEventListener("painted", () => painted.push(performance.now() - start));
    let before = await new Promise(requestAnimationFrame);
    for (let turn = 0; turn < turns; turn++) {
        const deltaY = turn < turns / 2 ? -60 : 60;
        const now = new Promise((done) => requestAnimationFrame((at) => {
            start = performance.now();
            done(at);
        }));
        canvas.dispatchEvent(new WheelEvent("wheel", { deltaY, clientX: 500, clientY: 400 }));
        const at = await now;
        await new Promise((done) => setTimeout(done, 0));
        spans.push(at - before);
        before = at;
    }
    return [painted, spans.slice(1)];
}"""


if __name__ == "__main__":
    main()
