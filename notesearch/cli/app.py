"""The application that the commands hang on, and the options that several of them share."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand, TyperGroup

from notesearch.cli.endings import DEBUG, is_debugging
from notesearch.cli.output import tell, warn
from notesearch.cli.places import Place
from notesearch.errors import UsageError
from notesearch.exit_codes import MEANING

if TYPE_CHECKING:
    from notesearch.library import Index

# \b keeps the lines of a paragraph apart.
_EXIT_CODES = "\b\nExit codes:\n" + "\n".join(
    f"  {code.value:>3}  {meaning}" for code, meaning in MEANING.items()
)
# What a person wants first, first; commands that are not named here follow.
_ORDER = (
    "query",
    "similar",
    "notes",
    "tags",
    "show",
    "index",
    "status",
    "check",
    "parse",
    "eval",
    "trust",
)


class InOrder(TyperGroup):
    """Lists the commands in `--help` by what they are for, not by the modules they stand in.

    `--debug` may stand behind a command too: whoever runs one again adds it there.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the command line, with `--debug` before the command."""
        end = args.index("--") if "--" in args else len(args)
        if "--debug" in args[:end]:
            others = [argument for argument in args[:end] if argument != "--debug"]
            args = ["--debug", *others, *args[end:]]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: object) -> list[str]:
        """Give the names of all commands in their order."""
        return sorted(
            self.commands, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)
        )


# A filter that leaves out: -tag:survey, -(tag:a OR tag:b).
_LEAVES_OUT = re.compile(r"-(\(|[a-z]+:)")


class Asking(TyperCommand):
    """A command that takes a query line, where `-tag:survey` is a filter and no option."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the command line; what begins with a space is no option to it."""
        return super().parse_args(ctx, [f" {a}" if _LEAVES_OUT.match(a) else a for a in args])


def examples(*lines: str) -> str:
    """Write examples as they stand at the end of a command's `--help`."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


app = typer.Typer(
    name="notesearch",
    cls=InOrder,
    help="Makes a folder of research notes answer questions.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _for_all_commands(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error.", envvar=None)
    ] = False,
) -> None:
    """Read the options that stand before the command."""
    if debug:
        os.environ[DEBUG] = "1"


def read_path(text: str) -> Path:
    """Read a path that an option or argument gives; an empty one would be the working folder."""
    if not text.strip() or "\0" in text:
        found = "holds a NUL byte" if "\0" in text else "is empty"
        raise typer.BadParameter(f"it {found}; name a file or folder")
    return Path(text)


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        parser=read_path,
        help="Settings file instead of ./notesearch.yaml.",
    ),
]
IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="DIR",
        parser=read_path,
        help="Index folder instead of the settings' one.",
    ),
]
RerankOption = Annotated[
    bool | None,
    typer.Option(
        "--rerank/--no-rerank",
        help="With the settings' cross-encoder, or without.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


MOST_ASKED = 10_000  # far more than a person reads, and few enough to rank at once


def require_within(option: str, value: float, least: int, most: int) -> None:
    """Raise UsageError for a number of an option that is too small, too large or none."""
    if not least <= value <= most:
        found = str(value)[:40]
        raise UsageError(f"{option} takes a number from {least:,} to {most:,}, found {found}")


def open_index(place: Place, *, create: bool = False) -> Index:
    """Open the index of a place; UnusableIndexError where it is missing and not to be made."""
    from notesearch.library import Index

    if not create:
        place.require_index()
    return Index.open(
        create=create, settings=place.settings, warn=warn, tell=tell, debug=is_debugging()
    )
