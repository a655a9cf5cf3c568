"""`notesearch save`: keep questions by a name, to be asked again as `notesearch query @NAME`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument, Exit

from notesearch.cli.app import CONFIG, INDEX, JSON, FilterCommand, app, examples, option
from notesearch.cli.completion import complete_filter
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.errors import UsageError

if TYPE_CHECKING:
    from notesearch.settings import Settings

_BEGINS_WITH_NAME = re.compile(r"\s*@([^\W\d][\w-]{0,39})(?:\s+(.*))?", re.DOTALL)


@app.command(
    cls=FilterCommand,
    epilog=examples(
        'notesearch save "reward hacking tag:rl" --name rh',
        "notesearch save",
        "notesearch save --remove rh",
    ),
)
def save(
    words: list[str] | None = Argument(
        None,
        metavar="[TEXT…]",
        help="The question, with filters if you like; without one, the saved ones are listed.",
        autocompletion=complete_filter,
    ),
    name: str | None = option(None, "--name", "Save it under this name, or replace it.", "NAME"),
    remove: str | None = option(None, "--remove", "Remove the question of this name.", "NAME"),
    json: bool = JSON,
    wanted_index: str | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Save a question by a name, or list the saved ones.

    They stand in saved-questions.yaml, beside the notesearch.yaml that holds, or else in your own
    settings folder. "notesearch new" says what newly answers each.
    """
    line = " ".join(words or []).strip()
    if remove is not None and (line or name is not None):
        raise UsageError("--remove takes the name of a question, and no other; leave the rest out")
    if remove is None and bool(line) != (name is not None):
        lacks = "a question" if name is not None else "--name NAME"
        raise UsageError(
            f'{lacks} is missing; run, as in: notesearch save "reward hacking tag:rl" --name rh'
        )
    settings = choose_indexes(config, wanted_index)[0].settings
    if remove is not None:
        _remove(remove, settings)
    elif name is not None:
        _save(name, line, settings)
    else:
        _list(json, settings)


def _save(name: str, line: str, settings: Settings) -> None:
    from notesearch.query.parser import parse_query
    from notesearch.saved_questions import questions_file, save_question

    parse_query(line)
    name = name.removeprefix("@")
    file = questions_file(settings)
    before = save_question(file, name, line)
    was = f" (it was: {before})" if before is not None and before != line else ""
    show_message(f"saved as @{name}{was} in {file}; to ask it, run: notesearch query @{name}")


def _remove(name: str, settings: Settings) -> None:
    from notesearch.saved_questions import questions_file, remove_question

    removed = remove_question(questions_file(settings), name.removeprefix("@"))
    show_message(f"@{name.removeprefix('@')} is removed; it was: {removed}")


def _list(json: bool, settings: Settings) -> None:
    from notesearch.render.news_lists import saved_lines
    from notesearch.render.terminal import style_of, to_json
    from notesearch.saved_questions import questions_file, read_questions

    questions = read_questions(questions_file(settings))
    if json:
        write(to_json(questions))
    for line in () if json else saved_lines(questions, style_of(sys.stdout)):
        write(line)
    if not questions:
        show_message(
            'no question is saved; save one, as in: notesearch save "reward hacking" --name rh'
        )
        raise Exit(ExitCode.NOTHING_RELEVANT)


def with_saved_question(line: str, settings: Settings) -> str:
    """Return a query line with the saved question that its first word names in place of that.

    A word with @ that names none is a word.
    """
    begins = _BEGINS_WITH_NAME.fullmatch(line)
    if begins is None:
        return line
    from notesearch.saved_questions import questions_file, read_questions

    question = read_questions(questions_file(settings)).get(begins[1])
    if question is None:
        return line
    whole = f"{question} {begins[2] or ''}".strip()
    show_message(f"asking: {whole}")
    return whole
