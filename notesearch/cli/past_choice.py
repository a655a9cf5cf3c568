"""Open the notes as they were: the index of a commit that `--at` names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from notesearch.cli.chosen_index import open_as_they_are
from notesearch.cli.output import Interrupted, show_message
from notesearch.errors import UsageError

if TYPE_CHECKING:
    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.library import Index
    from notesearch.past_index import PastIndex

# More than this many files are counted, not listed.
_MOST_LEFT_OUT = 5
_LOCK_WAIT_S = 600.0  # one that another process makes may be the very same


def open_as_they_were(
    chosen: Sequence[ChosenIndex], at: str | None
) -> AbstractContextManager[Index]:
    """Open the index of a commit; without one, the index or several as they are."""
    return open_as_they_are(chosen) if at is None else open_past(chosen, at)


@contextmanager
def open_past(chosen: Sequence[ChosenIndex], at: str) -> Iterator[PastIndex]:
    """Yield the index of a commit, and say which it is; UsageError where several are chosen."""
    from notesearch.cli.update_progress import shown_progress

    if len(chosen) > 1:
        names = " and ".join(one.name for one in chosen[:2])
        raise UsageError(
            f"--at asks the notes of one repository, and {names} are two indexes; name one with -i"
        )
    with chosen[0].open() as present:
        try:
            with shown_progress() as progress:
                past = present.at(at, progress=progress, lock_timeout_s=_LOCK_WAIT_S)
        except KeyboardInterrupt as stop:
            raise Interrupted(
                "interrupted; what was embedded is kept, and the same command goes on from there"
            ) from stop
        with past:
            show_message(f"at {past.commit}")
            _show_left_out(past)
            yield past


def commit_of(index: Index) -> str | None:
    """Return the hash of the commit that an index is of; None for the notes as they are."""
    from notesearch.past_index import PastIndex

    return index.commit.hash if isinstance(index, PastIndex) else None


def _show_left_out(past: PastIndex) -> None:
    """Name the files of the commit that could not be read, when they were."""
    from notesearch.render.listings import finding_line

    skipped = past.report.skipped if past.report is not None else ()
    for finding in skipped[:_MOST_LEFT_OUT]:
        show_message(finding_line(finding, left_out=True))
    if more := len(skipped[_MOST_LEFT_OUT:]):
        show_message(f"and {more:,} more files that could not be read")


def require_present(index: Index, path: str) -> None:
    """Raise UsageError for a file of a commit, which would be opened as it is now."""
    from notesearch.past_index import PastIndex

    if not isinstance(index, PastIndex):
        return
    import shlex

    commit = index.commit
    whole = f"{commit.path}/{path}" if commit.path else path
    raise UsageError(
        f"--open opens a file as it is now, and {path} may be another since {commit.short_hash}; "
        f"to read it as it was, run: git show {shlex.quote(f'{commit.short_hash}:{whole}')}"
    )
