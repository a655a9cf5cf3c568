"""Which index and corpus a call is about, and the command that makes or updates that index."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.output import warn
from notesearch.errors import UnusableIndexError

if TYPE_CHECKING:
    from notesearch.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """The settings that hold for a call, and what of them its options gave."""

    settings: Settings
    config: Path | None = None  # the option --config
    is_default: bool = False  # ./index, since nothing names another: a query may make it

    @property
    def index_dir(self) -> Path:
        """The folder of the index."""
        return self.settings.index

    def has_index(self) -> bool:
        """Tell whether there is an index; UnusableIndexError where the folder cannot be asked."""
        from notesearch.index.layout import IndexLayout

        try:
            IndexLayout(self.index_dir).catalog.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, ValueError) as error:  # ValueError: a NUL byte, out of a settings file
            raise UnusableIndexError(
                f"{self.index_dir} cannot be read: {error}; name another with --index"
            ) from error
        return True

    def require_index(self) -> None:
        """Raise UnusableIndexError, with the command that makes it, where there is no index."""
        if not self.has_index():
            raise UnusableIndexError(
                f"{self.index_dir} holds no index; run: {self.index_command()}"
            )

    def index_command(self, corpus: Path | None = None, *options: str) -> str:
        """Write the command that makes or updates this index of this corpus, for a shell.

        What the bare command takes by itself is left out.
        """
        from notesearch.corpus.folder import DEFAULT_CORPUS

        words = ["notesearch", "index"]
        corpus = corpus or self.settings.corpus
        if corpus is not None and os.path.realpath(corpus) != os.path.realpath(DEFAULT_CORPUS):
            words.append(_operand(corpus))
        if not self.is_default:
            words += ["--index", str(self.index_dir)]
        if self.config is not None:
            words += ["--config", str(self.config)]
        return shlex.join([*words, *options])


def read_place(config: Path | None, index_dir: Path | None = None) -> Place:
    """Read the settings that hold for this call: file, environment, options."""
    from notesearch.settings import Settings, load_settings

    settings = load_settings(config, warn=warn)
    if index_dir is not None:
        return Place(replace(settings, index=index_dir), config)
    from_environment = os.environ.get("NOTESEARCH_INDEX", "").strip()
    # An index that waits for the person's trust is not the default one.
    is_named = bool(from_environment) or "index" in settings.left_out
    is_default = settings.index == Settings().index and not is_named
    return Place(settings, config, is_default)


def require_regular(file: Path, remedy: str) -> None:
    """Raise UsageError for a pipe or a device, which a read would wait for without end.

    What a shell hands over with `<(command)` is fine, and so is a file that is not there, which
    the read names.
    """
    from notesearch.errors import UsageError
    from notesearch.regular_files import is_pipe_or_device

    if str(file).startswith(("/dev/fd/", "/proc/self/fd/", "/dev/stdin")):
        return
    try:
        waits = is_pipe_or_device(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}; {remedy}") from error
    if waits:
        raise UsageError(f"{file} is a pipe or a device, no file; {remedy}")


def _operand(path: Path) -> str:
    """Write a path where an option could stand."""
    return f"./{path}" if str(path).startswith("-") else str(path)
