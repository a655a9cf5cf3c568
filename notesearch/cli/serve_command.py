"""`notesearch serve`: a page to ask in, and JSON for programs, on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from notesearch.cli.app import CONFIG, CORPUS, INDEX, app, examples, option, require_within
from notesearch.cli.index_choice import choose_index
from notesearch.cli.output import show_message
from notesearch.errors import UsageError

_TOKEN = "NOTESEARCH_TOKEN"
_MISSING = (
    "the page needs packages that are not installed ({name}); run: pip install 'notesearch[serve]'"
)


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
    wanted_index: str | None = INDEX,
    corpus: Path | None = CORPUS,
    config: Path | None = CONFIG,
) -> None:
    """Ask in the browser, and keep the index in step meanwhile.

    The page is for this machine alone, and takes nothing from another. Ctrl-C ends it.
    """
    require_within("--port", port, 0, 65535)
    try:
        from notesearch.web.application import make_application
        from notesearch.web.served_index import ServedIndex
        from notesearch.web.server import Server, addresses_of, bind
    except ModuleNotFoundError as error:
        raise UsageError(_MISSING.format(name=error.name)) from None

    token = token or os.environ.get(_TOKEN) or None
    chosen = choose_index(config, wanted_index, corpus)
    listener = bind(host, port, token)
    hosts, address = addresses_of(listener, host, token)
    with listener, chosen.open() as index:
        served = ServedIndex(index, chosen.name or str(chosen.index_dir), chosen.settings.editor)

        def on_start() -> None:
            show_message(f"answering at {address}  (Ctrl-C ends it)")
            if open_it:
                import webbrowser

                webbrowser.open(address)

        application = make_application(served, hosts=hosts, token=token)
        Server(application, on_start=on_start, on_stop=served.close).run(sockets=[listener])
