"""`notesearch serve`: a page to ask in, and JSON for programs, on this machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.app import (
    CONFIG,
    CORPUS,
    INDEX,
    app,
    examples,
    extra_serve,
    option,
    require_within,
)
from notesearch.cli.index_choice import choose_index
from notesearch.cli.output import show_message
from notesearch.engine_address import shown_index
from notesearch.errors import CorpusError
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from notesearch.library import Index
    from notesearch.watch import IndexWatch

_TOKEN = "NOTESEARCH_TOKEN"


@app.command(
    epilog=examples("notesearch serve", "notesearch serve --open", "notesearch serve -i work")
)
def serve(
    port: int = option(8477, "--port", "The port; 0 takes any that is free.", "N"),
    open_it: bool = option(False, "--open", "Open the page in the browser."),
    host: str = option(
        "127.0.0.1", "--host", "Listen to other machines at this address; needs a token.", "ADDRESS"
    ),
    token: str | None = option(
        None, "--token", f"What others must know to ask; better in {_TOKEN}.", "WORD"
    ),
    no_watch: bool = option(False, "--no-watch", "Leave the index as it is."),
    wanted_index: str | None = INDEX,
    corpus: Path | None = CORPUS,
    config: Path | None = CONFIG,
) -> None:
    """Ask in the browser, and keep the index in step meanwhile.

    The page is for this machine alone, and takes nothing from another. Ctrl-C ends it.
    """
    require_within("--port", port, 0, 65535)
    with extra_serve("the page"):
        from notesearch.web.application import make_application
        from notesearch.web.served_index import ServedIndex
        from notesearch.web.server import Server, addresses_of, bind

    token = token or os.environ.get(_TOKEN) or None
    chosen = choose_index(config, wanted_index, corpus)
    if no_watch:
        chosen.require()
    is_new = chosen.is_to_be_made()
    chosen.require_corpus()
    listener = bind(host, port, token)
    hosts, address = addresses_of(listener, host, token)
    with listener, chosen.open(create=is_new) as index:
        watch = None if no_watch else _watch_of(index)
        served = ServedIndex(
            index, chosen.name or shown_index(chosen.index_dir), chosen.settings.editor, watch
        )

        def on_start() -> None:
            show_message(f"answering at {address}  (Ctrl-C ends it)")
            if watch is not None:
                watch.start()
            if open_it:
                import webbrowser

                if not webbrowser.open(address):
                    show_message("no browser could be started; open that address in one")

        # The server ends at it, and sends it once more: the watch has to end in order too.
        signal.signal(signal.SIGTERM, lambda *_: None)
        application = make_application(served, hosts=hosts, token=token)
        server = Server(application, on_start=on_start, on_stop=served.close)
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:  # has ended it, in order
            pass
        finally:
            if watch is not None:
                watch.stop()


def _watch_of(index: Index) -> IndexWatch | None:
    """Return what keeps an index in step; None, and a line, where it names a stranger's folder."""
    from notesearch.watch import IndexWatch

    try:
        index.require_own_corpus()
    except CorpusError as error:
        show_message(escaped(f"{error.for_shell}; the index is left as it is"))
        return None
    return IndexWatch(index)
