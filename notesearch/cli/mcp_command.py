"""`notesearch mcp`: answer agents over stdin and stdout, or print what connects one."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.app import CONFIG, INDEXES, app, examples, extra_serve, option
from notesearch.cli.chosen_index import open_as_they_are
from notesearch.cli.index_choice import choose_index_in, choose_indexes
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.engine_address import shown_index
from notesearch.errors import CorpusError, NotesearchError, UsageError
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.library import Index
    from notesearch.watch import IndexWatch


@app.command(
    epilog=examples("notesearch mcp --print-config code", "notesearch mcp --index ~/notes/index")
)
def mcp(
    print_config: str | None = option(
        None,
        "--print-config",
        "Print what to paste into a client: claude (Desktop), code (Claude Code), cursor, vscode "
        "or zed.",
        "CLIENT",
        complete=lambda: _clients(),
    ),
    no_watch: bool = option(False, "--no-watch", "Leave the index as it is."),
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Let agents search your notes, over the Model Context Protocol.

    A client such as Claude Code or Cursor starts this command by itself, and asks it through stdin
    and stdout: --print-config prints what tells it to. From the first question on, the index is
    kept in step with its notes.
    """
    if print_config is not None:
        _print_config(print_config, config, wanted_index)
        return
    if sys.stdin is not None and sys.stdin.isatty():
        show_message(
            "waiting for a client of the Model Context Protocol on stdin; to connect one, run: "
            "notesearch mcp --print-config code (or claude, cursor, vscode, zed)"
        )
    wire = _take_stdout()
    _end_at_once()
    gc.disable()  # what the SDK makes stays: looking through it meanwhile takes 0.15 s of 0.9 s
    with extra_serve("notesearch mcp"):
        from notesearch.mcp.over_stdio import serve_over_stdio
    from notesearch.lazy import Lazy

    gc.freeze()
    gc.enable()
    # Chosen and opened at the first request, and again as long as there is none: a client that has
    # started this command shows nobody its errors, but an agent passes on what it is told.
    watches: list[IndexWatch] = []

    def open_index() -> Index:
        index = open_as_they_are(_choose(config, wanted_index))
        if not no_watch:
            watches.extend(_watches_of(index))
        for watch in watches:
            watch.start()
        return index

    index = Lazy(open_index)
    serve_over_stdio(index.get, wire)
    for watch in watches:
        watch.stop()
    if index.is_loaded:
        index.get().close()


def _watches_of(index: Index) -> Iterator[IndexWatch]:
    """Yield what keeps an index in step, or each of several; none where a stranger made it."""
    from notesearch.joined_index import JoinedIndex
    from notesearch.watch import IndexWatch

    for one in index.indexes.values() if isinstance(index, JoinedIndex) else [index]:
        with suppress(CorpusError):
            one.require_own_corpus()
            yield IndexWatch(one)


def _choose(config: Path | None, wanted: str | None) -> list[ChosenIndex]:
    """Choose the indexes as a question does; one in a folder with the settings it was made with."""
    if wanted is not None and os.path.isabs(wanted):  # noqa: PTH117 - a name, or names, as well
        return [choose_index_in(Path(wanted), config)]
    return choose_indexes(config, wanted)


def _take_stdout() -> int:
    """Return a descriptor for the protocol; from here on all that is printed goes to stderr.

    That holds until the end, for `print`, for C libraries and for programs that are started.
    """
    wire = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire


def _end_at_once() -> None:
    """Let the signals that end a program end this one, though a thread waits for stdin.

    The index stays whole: an update that runs is one transaction.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(ExitCode.OK))
    signal.signal(signal.SIGINT, lambda *_: os._exit(ExitCode.INTERRUPTED))


def _print_config(name: str, config: Path | None, wanted: str | None) -> None:
    """Write what connects a client, and to stderr where it goes."""
    from notesearch.mcp.client_config import CLIENTS

    client = CLIENTS.get(name)
    if client is None:
        raise UsageError(f"--print-config takes one of {', '.join(CLIENTS)}, found {name[:60]!r}")
    chosen = _choose(config, wanted)
    options = []  # without an index yet, it is chosen when there is one
    if len(chosen) == 1 and (wanted is not None or chosen[0].exists()):
        options = ["--index", shown_index(chosen[0].index_dir.absolute())]
    elif len(chosen) > 1:
        options = ["--index", ",".join(one.name for one in chosen)]
    if config is not None:
        options += ["--config", str(config.absolute())]
    for one in chosen:
        try:
            one.require()
        except NotesearchError as error:
            if wanted is not None and os.sep not in wanted:
                raise  # a name that was mistyped connects nothing
            show_message(escaped(f"{error.for_shell}; the client can be connected before"))
    show_message(f"for {client.title}: paste this {client.place}")
    write(client.text([*_this_program(), "mcp", *options]))


def _this_program() -> list[str]:
    """Return the command that runs this program from any folder, without a PATH."""
    script = shutil.which(sys.argv[0])
    if script is not None and not script.endswith(".py"):
        return [os.path.abspath(script)]  # noqa: PTH100 - a link of pipx stays as it is
    return [sys.executable, "-m", "notesearch"]


def _clients() -> list[tuple[str, str]]:
    from notesearch.mcp.client_config import CLIENTS

    return [(name, client.title) for name, client in CLIENTS.items()]
