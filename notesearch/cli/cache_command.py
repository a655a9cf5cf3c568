"""`notesearch cache`: show the compiled models that are kept, and remove them."""

from __future__ import annotations

from typer import Exit

from notesearch.cli.app import JSON, app, examples, option
from notesearch.cli.output import ExitCode, show_message, show_warning, write
from notesearch.render.terminal import escaped, to_json


@app.command(epilog=examples("notesearch cache", "notesearch cache --clear"))
def cache(
    clear: bool = option(False, "--clear", "Remove them; each is made again when it is needed."),
    json: bool = JSON,
) -> None:
    """Show the compiled models that are kept on this machine.

    A model is compiled at its first use, so that it starts quickly from then on.
    """
    from notesearch.embedding.cached_models import compiled_folder, list_cached, remove_cached
    from notesearch.render.listings import cached_model_lines

    folder = compiled_folder(show_warning)
    models = list_cached(folder)
    stay = remove_cached(models) if clear else models
    if json:
        write(to_json(stay))
    elif stay or not clear:
        write("\n".join(cached_model_lines(stay, folder)))
    if clear:
        gone = [model for model in models if model not in stay]
        size = sum(model.size for model in gone) / 1e6
        show_message(escaped(f"removed {len(gone):,} of {len(models):,}, {size:,.1f} MB"))
    if clear and stay:
        raise Exit(ExitCode.MODEL)
