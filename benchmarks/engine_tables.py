"""The tables of `engine_scale.py`, in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.engine_writing import Figures

Measured = dict[int, dict[str, Figures]]

# Of the passages' own collection; what is not named here are the numbers and versions of points.
PARTS = {
    "vector_storage-meaning": "vector: float16, and int8",
    "vector_index-meaning": "graph of neighbours",
    "vector_storage-words": "its words, as stored",
    "vector_index-words": "index of the words",
    "payload_storage": "texts, and what filters ask (compressed)",
    "payload_index": "indexes of what filters ask",
    "phrases": "index of phrases",
}
LOG = "log of what was written last"


def tables(measured: Measured) -> Iterator[str]:
    """Write what the sizes take and how they answer, a column for each."""
    sizes = {f"{figures['build']['passages']:,}": figures for figures in measured.values()}
    yield from _table("bytes a passage on disk", sizes, _bytes)
    yield from _table("building, memory", sizes, _effort)
    yield from _table("processor ms: all, under a tag of 2 %", sizes, _times)
    yield from _table("of the first 10 by exact search (processor ms)", sizes, _found)


def _table(title: str, sizes: dict[str, dict[str, Figures]], cells_of: object) -> Iterator[str]:
    columns = {size: cells_of(figures) for size, figures in sizes.items()}  # type: ignore[operator]
    yield _row([title, *columns])
    yield _row(["---"] * (1 + len(columns)))
    for name in next(iter(columns.values())):
        yield _row([name, *(cells.get(name, "–") for cells in columns.values())])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bytes(figures: dict[str, Figures]) -> dict[str, str]:
    build = figures["build"]
    parts = bytes_by_part(build)
    log = parts.pop(LOG)
    cells = {name: f"{parts[name] / build['passages']:,.0f}" for name in parts}
    cells["all"] = f"{sum(parts.values()) / build['passages']:,.0f}"
    cells[f"{LOG}, MB in all"] = f"{log / 1e6:,.0f}"
    return cells


def bytes_by_part(build: Figures) -> Counter[str]:
    """Add up the bytes on disk by what they hold."""
    sums: Counter[str] = Counter(dict.fromkeys(PARTS.values(), 0))
    for collection, parts in build["parts"].items():
        for part, size in parts.items():
            sums[_holds(collection, part)] += size
    return sums


def _holds(collection: str, part: str) -> str:
    if part == "wal":
        return LOG
    if collection == "notes-notes":
        return "its note"
    if collection == "notes-records":
        return "words by their number, and other records"
    if part.endswith("-text"):
        return PARTS["phrases"]
    return PARTS.get(part.split("/")[0], "numbers and versions of points")


def _effort(figures: dict[str, Figures]) -> dict[str, str]:
    build, asked = figures["build"], figures["ask"]

    def memory(moment: str) -> str:
        return f"{asked[moment]['own']:,.0f} + {asked[moment]['mapped']:,.0f}"

    return {
        "notes": f"{build['notes']:,}",
        "different words": f"{build['words']:,}",
        "segments of the passages": f"{build['segments']['notes']}",
        "processor s of writing": f"{build['processor_s']:,.0f}" if "processor_s" in build else "–",
        "memory while writing, MB": f"{build['peak_mb']:,.0f}",
        "memory when opened, its own + mapped files, MB": memory("opened"),
        "… after 1,200 requests": memory("asked"),
        "… after 240 questions by notesearch": memory("searched"),
    }


def _times(figures: dict[str, Figures]) -> dict[str, str]:
    asked = figures["ask"]
    cells = {
        name: f"{asked['all'][name]['ms']:.1f}, {asked['2 %'][name]['ms']:.1f}"
        for name in asked["all"]
    }
    searches = [asked["search, all"], asked["search, 2 %"]]
    for name, key in (
        ("a whole question by notesearch", "ms"),
        ("… of these in the engine", "engine_ms"),
        ("… requests", "requests"),
    ):
        cells[name] = ", ".join(f"{search[key]:.0f}" for search in searches)
    return cells


def _found(figures: dict[str, Figures]) -> dict[str, str]:
    recall = figures["ask"]["recall"]
    return {
        name: ", ".join(f"{recall[where][name]['recall']:.3f} ({recall[where][name]['ms']:.2f})"
                        for where in recall)
        for name in recall["all"]
    }  # fmt: skip
