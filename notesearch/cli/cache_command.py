"""`notesearch cache`: show what is kept and can be made again, and remove it.

That is compiled models, and indexes of the notes as they were.
"""

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
    """Show the kept models and indexes of earlier notes.

    A model is compiled at its first use, so that it starts quickly from then on. An index of the
    notes as they were is made when --at first asks for it.
    """
    from notesearch.embedding.cached_models import compiled_folder, list_cached, remove_cached
    from notesearch.index.past_indexes import list_past, remove_past
    from notesearch.render.listings import cached_model_lines, kept_past_line

    folder = compiled_folder(show_warning)
    models = list_cached(folder)
    past = list_past()
    stay = remove_cached(models) if clear else models
    if clear:
        remove_past()
    if json:
        write(to_json([*stay, *([] if clear else past)]))
    elif stay or not clear:
        write("\n".join(cached_model_lines(stay, folder)))
        if past and not clear:
            write(kept_past_line(past))
    if clear:
        gone = [model for model in models if model not in stay]
        size = sum(model.size for model in gone) / 1e6
        show_message(escaped(f"removed {len(gone):,} of {len(models):,}, {size:,.1f} MB"))
        if past:
            show_message(f"removed {kept_past_line(past)}")
    if clear and stay:
        raise Exit(ExitCode.MODEL)
