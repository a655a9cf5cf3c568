"""Choose the index that a command works on, and bring it in step with its corpus.

After Ctrl-C in an update, one line says how to go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.output import Interrupted, is_debugging, show_message, show_warning
from notesearch.errors import CorpusError, UnusableIndexError
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from notesearch.index.reports import ProgressObserver
    from notesearch.library import Index
    from notesearch.settings import Settings

_AS_IT_IS = "answered from the index as it is"


@dataclass(frozen=True, slots=True)
class ChosenIndex:
    """The settings that hold for a call, and the index folder that they name."""

    settings: Settings
    config: Path | None = None  # the option --config
    is_default: bool = False  # ./index, since nothing names another: a query may make it

    @property
    def index_dir(self) -> Path:
        """The folder of the index."""
        return self.settings.index

    def exists(self) -> bool:
        """Return whether there is an index; UnusableIndexError where the folder cannot be read."""
        from notesearch.index.index_layout import IndexLayout

        try:
            IndexLayout(self.index_dir).catalog.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, ValueError) as error:  # ValueError: a NUL byte, out of a settings file
            raise UnusableIndexError(
                f"{self.index_dir} cannot be read: {error}; name another with --index"
            ) from error
        return True

    def require(self) -> None:
        """Raise UnusableIndexError, with the command that makes it, where there is no index."""
        if not self.exists():
            raise UnusableIndexError(f"{self.index_dir} holds no index; run: {self.command()}")

    def command(self, corpus: Path | None = None, *options: str) -> str:
        """Return the command that makes or updates this index of this corpus, for a shell.

        Left out is what `notesearch index` takes without being given it.
        """
        from notesearch.corpus.folder import DEFAULT_CORPUS
        from notesearch.index.index_layout import index_command

        corpus = corpus or self.settings.corpus
        if corpus is not None and os.path.realpath(corpus) == os.path.realpath(DEFAULT_CORPUS):
            corpus = None
        if self.config is not None:
            options = ("--config", str(self.config), *options)
        return index_command(corpus, None if self.is_default else self.index_dir, *options)

    def open(self, *, create: bool = False, say: Callable[[str], None] | None = None) -> Index:
        """Open the index; UnusableIndexError where it is missing and `create` is not set.

        `say` takes what is otherwise written to stderr: warnings, and what takes long.
        """
        from notesearch.library import Index

        if not create:
            self.require()
        return Index.open(
            create=create,
            settings=self.settings,
            warn=say or show_warning,
            announce=say or show_message,
            debug=is_debugging(),
        )


def choose_index(
    config: Path | None,
    index_dir: Path | None = None,
    *,
    warn: Callable[[str], None] = show_warning,
) -> ChosenIndex:
    """Read the settings that hold for this call: file, environment, options."""
    from notesearch.settings import Settings, load_settings

    settings = load_settings(config, warn=warn)
    if index_dir is not None:
        return ChosenIndex(replace(settings, index=index_dir), config)
    from_environment = os.environ.get("NOTESEARCH_INDEX", "").strip()
    # An index that waits for the person's trust is not the default one.
    is_named = bool(from_environment) or "index" in settings.left_out
    is_default = settings.index == Settings().index and not is_named
    return ChosenIndex(settings, config, is_default)


def open_for_query(chosen: ChosenIndex, line: str, *, update: bool) -> Index:
    """Open an index and say when it is behind its corpus; make the default one if it is missing.

    A query line that cannot be read ends before anything is made for it.
    """
    from notesearch.query.parser import parse_query

    is_new = not chosen.exists()
    if is_new and not chosen.is_default:
        chosen.require()
    if is_new and line.strip():
        parse_query(line)
    index = chosen.open(create=is_new)
    if is_new:
        show_message(escaped(f"no index in {chosen.index_dir} yet: making one of {index.corpus}"))
    if is_new or update:
        from notesearch.render.listings import report_lines

        # A first question does not wait while another process makes the index, but names it.
        with watched_update(index, chosen) as progress:
            wait_s = 0.0 if is_new else 10.0
            report = index.update(progress=progress, lock_timeout_s=wait_s)
        if not report.is_unchanged:
            for text in report_lines(report):
                show_message(text)
    elif behind := drift_message(index, chosen):
        show_message(behind)
    return index


@contextmanager
def watched_update(
    index: Index, chosen: ChosenIndex, corpus: Path | None = None, *, rebuild: bool = False
) -> Iterator[ProgressObserver]:
    """Yield the observer of an update; Interrupted, with the way on, when the person stops it."""
    from notesearch.cli.update_progress import shown_progress

    try:
        with shown_progress() as progress:
            yield progress
    except KeyboardInterrupt as stop:
        options = ("--rebuild",) if rebuild else ()
        command = chosen.command(corpus or index.corpus, *options)
        raise Interrupted(_what_is_kept(index, chosen, command)) from stop


def drift_message(index: Index, chosen: ChosenIndex) -> str:
    """Say when the index is behind its corpus, "" where it is in step.

    A corpus that cannot be read is said too, and stops no answer.
    """
    from notesearch.render.listings import drift_line

    try:
        drift = index.drift()
    except CorpusError as error:
        return escaped(f"{error}; {_AS_IT_IS}")
    except OSError as error:
        finding = f"corpus {index.corpus} cannot be read: {error.strerror}"
        return escaped(f"{finding}; {_AS_IT_IS}")
    if drift is not None:
        return drift_line(drift, chosen.command(index.corpus))
    if os.path.isdir(index.corpus):  # noqa: PTH112 - is_dir may raise
        return ""
    return escaped(f"corpus {index.corpus} is not there; {_AS_IT_IS}")


def _what_is_kept(index: Index, chosen: ChosenIndex, command: str) -> str:
    """Say what an interrupted update has kept, and how to go on."""
    kept = index.kept_passages()
    count = "1 passage" if kept == 1 else f"{kept:,} passages"
    if chosen.exists():
        more = f", and the vectors of {count} are kept for the next update" if kept else ""
        return f"interrupted; the index is whole, as it was before{more}; to go on, run: {command}"
    found = f"the vectors of {count} are kept" if kept else "nothing was embedded yet"
    return f"interrupted; there is no index yet, and {found}; to go on, run: {command}"
