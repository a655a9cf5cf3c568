"""How far an update has come, shown on stderr: a bar where a person watches, else nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from notesearch.index.reports import Progress, ProgressObserver, Stage, ignore_progress

_STAGE_WORDS = {
    Stage.COMPARE: "comparing",
    Stage.READ: "reading",
    Stage.EMBED: "embedding",
    Stage.STORE: "storing",
    Stage.VECTORS: "writing vectors",
    Stage.COMMIT: "committing",
}


@contextmanager
def watch_update() -> Iterator[ProgressObserver]:
    """Give an observer that draws a bar; nothing is drawn before there is something to read."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield ignore_progress
        return
    columns = (
        TextColumn("{task.description:15}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files · {task.fields[passages]} passages · {task.fields[rate]}/s ·"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        yield _drawing(bar.add_task("", total=None, passages=0, rate=0, visible=False), bar.update)


def _drawing(task: object, update: Callable[..., None]) -> ProgressObserver:
    from time import monotonic

    began = monotonic()

    def draw(progress: Progress) -> None:
        seconds = max(monotonic() - began, 0.001)
        update(
            task,
            description=_STAGE_WORDS[progress.stage],
            total=progress.files_total,
            completed=progress.files_done,
            passages=f"{progress.passages:,}",
            rate=f"{progress.passages / seconds:,.0f}",
            visible=progress.files_total > 0,
        )

    return draw
