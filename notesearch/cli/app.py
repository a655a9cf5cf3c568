"""The application that holds the commands, and the options that several of them share."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer import Argument, Option
from typer.core import TyperCommand, TyperGroup, TyperOption

from notesearch import __version__
from notesearch.cli.completion import complete_filter, complete_index, complete_note
from notesearch.cli.output import DEBUG, MEANING, write
from notesearch.errors import UsageError
from notesearch.regular_files import is_pipe_or_device
from notesearch.render.hit_formats import HIT_FORMATS

# \b keeps the lines of a paragraph apart.
_EXIT_CODES = "\b\nExit codes:\n" + "\n".join(
    f"  {code.value:>3}  {meaning}" for code, meaning in MEANING.items()
)
# The module of each command, in the order of `--help`: what a person wants first, first.
MODULES = {
    "query": "query",
    "ask": "ask_command",
    "serve": "serve_command",
    "quote": "quote_command",
    "similar": "query",
    "notes": "note_commands",
    "tags": "note_commands",
    "show": "note_commands",
    "links": "links_command",
    "suggest-links": "suggest_command",
    "papers": "paper_commands",
    "cite": "paper_commands",
    "compare": "compare_command",
    "new": "news_commands",
    "queue": "news_commands",
    "save": "save_command",
    "init": "init_command",
    "index": "index_commands",
    "reindex": "index_commands",
    "watch": "watch_command",
    "indexes": "index_commands",
    "status": "index_commands",
    "check": "index_commands",
    "move": "move_command",
    "parse": "note_commands",
    "eval": "eval_command",
    "cache": "cache_command",
    "trust": "trust_command",
    "mcp": "mcp_command",  # which programs run
}
# A filter that leaves out: -tag:survey.
_LEAVES_OUT = re.compile(r"-[a-z]+[:：]")


def _show_version(ctx: typer.Context, param: object, value: bool) -> None:
    if value:
        write(f"notesearch {__version__}")
        raise typer.Exit


def _debug(ctx: typer.Context, param: object, value: bool) -> None:
    if value:
        os.environ[DEBUG] = "1"


class AllCommands(TyperGroup):
    """The commands in an order of their own; `--debug` may stand before and behind each."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as typer has them
        super().__init__(**options)
        debug = TyperOption(
            param_decls=["--debug"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_debug,
            help="Show the traceback of an error.",
        )
        self.params.append(
            TyperOption(
                param_decls=["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_version,
                help="Show the version.",
            )
        )
        for command in (self, *self.commands.values()):
            command.params.append(debug)

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the command line; an empty one is `ask` on a terminal, else shows the help."""
        if not args:
            from notesearch.cli.ask_command import is_on_terminal

            args = ["ask"] if is_on_terminal() else []
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: object) -> list[str]:
        """Return the names of all commands in their order."""
        return sorted(self.commands, key=list(MODULES).index)


class FilterCommand(TyperCommand):
    """A command that takes filters, where `-tag:survey` is a filter and no option."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the command line; an argument that begins with a space is no option to it."""
        return super().parse_args(ctx, [f" {a}" if self._is_text(a) else a for a in args])

    def _is_text(self, argument: str) -> bool:
        """Return whether an argument is text, though it begins with a minus: `-survey dpo`."""
        if _LEAVES_OUT.match(argument):
            return True
        if len(argument) < 3 or argument[0] != "-" or argument[1] == "-":
            return False
        options = {name for param in self.params for name in (*param.opts, *param.secondary_opts)}
        if argument[:2] in options and not any(map(str.isspace, argument)):
            return False  # -k5
        return f"-{argument}" not in options  # -json is a slip

    def shell_complete(self, ctx: typer.Context, incomplete: str) -> list[Any]:  # type: ignore[override]
        """Return what may follow: after `-tag:` the same as after `tag:`."""
        words = next((param for param in self.params if param.nargs == -1), None)
        if words is not None and _LEAVES_OUT.match(incomplete):
            return words.shell_complete(ctx, incomplete)
        return super().shell_complete(ctx, incomplete)


class ShortFormat(TyperOption):
    """`--json` and the like: a flag that adds its name to what `--format` is given."""

    def add_to_parser(self, parser: Any, ctx: typer.Context) -> None:  # type: ignore[override]  # noqa: ANN401 - a class that typer keeps to itself
        """Let the parser put the name where the function of the command expects formats."""
        parser.add_option(
            obj=self, opts=self.opts, dest="formats", action="append_const", const=self.name
        )


class HitsCommand(FilterCommand):
    """A command that writes hits, where `--json` is short for `--format json`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as typer has them
        super().__init__(*arguments, **options)
        behind = [param.name for param in self.params].index("formats") + 1
        self.params[behind:behind] = [
            ShortFormat(
                param_decls=[name, f"--{name}"],
                is_flag=True,
                expose_value=False,
                help=f"Short for --format {name}: {form.help}.",
            )
            for name, form in HIT_FORMATS.items()
        ]


def examples(*lines: str) -> str:
    """Write examples as they stand at the end of a command's `--help`."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


app = typer.Typer(
    name="notesearch",
    cls=AllCommands,
    callback=lambda: None,  # with one, a single command that is loaded still has its name
    help="Ask your research notes a question; get the passages that answer it.\n\n"
    "To begin with your notes, run: notesearch init",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def read_path(text: str) -> Path:
    """Read a path that an option or argument gives; an empty one would be the working folder."""
    if not text.strip() or "\0" in text:
        found = "holds a NUL byte" if "\0" in text else "is empty"
        raise typer.BadParameter(f"it {found}; name a file or folder")
    return Path(text)


def read_name(text: str) -> str:
    """Read the names or the folder of an index."""
    read_path(text)
    return text.strip()


def option(
    default: object,
    name: str,
    text: str,
    metavar: str | None = None,
    parser: Callable[[str], object] | None = None,
    *,
    complete: Callable[..., list[tuple[str, str]]] | None = None,
) -> Any:  # noqa: ANN401 - as typer has it
    """Return an option with its help, the name of its value there, and what Tab offers for it."""
    return Option(default, name, help=text, metavar=metavar, parser=parser, autocompletion=complete)


CONFIG = option(None, "--config", "Use this settings file, not notesearch.yaml.", "FILE", read_path)
CORPUS = option(None, "--corpus", "The folder of notes.", "DIR", read_path)


def index_option(text: str) -> Any:  # noqa: ANN401 - as typer has it
    """Return the option that names an index, or several."""
    return Option(
        None,
        "-i",
        "--index",
        help=text,
        metavar="NAME",
        parser=read_name,
        autocompletion=complete_index,
    )


INDEX = index_option("Use this index: its name, or its folder.")
INDEXES = index_option("Ask this index: its name or folder; several as work,home, or all.")
FORMATS = Option(
    None,
    "--format",
    metavar="NAME",
    help=f"Write hits for a program, as {', '.join(HIT_FORMATS)}.",
    autocompletion=lambda: list(HIT_FORMATS),
)
RERANK = Option(
    None,
    "--rerank/--no-rerank",
    help="Use the cross-encoder of the settings, or leave it out.",
    show_default=False,
)
NOTE = Argument(
    metavar="NOTE",
    help="The number of a hit, a path, a file's name, or words of a title.",
    autocompletion=complete_note,
)
WHERE = option(
    None,
    "--where",
    'Only notes that match, as in "tag:dpo -tag:survey".',
    "FILTER",
    complete=complete_filter,
)
AT = option(
    None,
    "--at",
    "Ask the notes as they were: at a commit, tag or branch of git, or on a day (2024-05-01).",
    "COMMIT",
)
OTHER_FOLDER = option(False, "--other-folder", "Leave out notes in the same folder.")
JSON = option(False, "--json", "Write the result as JSON.")


@contextmanager
def extra_serve(who: str) -> Iterator[None]:
    """Say where the imports of a command lack a package of the extra `serve`."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("notesearch"):
            raise
        raise UsageError(
            f"{who} needs {error.name}, which is not installed; install the extra serve, "
            "as README.md says"
        ) from error


def corpus_of(argument: Path | None, named: Path | None) -> Path | None:
    """Return the folder of notes of an argument or of --corpus; UsageError where both are given."""
    if argument is not None and named is not None:
        raise UsageError("name the folder of notes once: as an argument, or with --corpus")
    return argument or named


def require_within(option: str, value: float, least: int, most: int) -> None:
    """Raise UsageError for a number of an option that is too small, too large or none."""
    if not least <= value <= most:
        found = str(value)[:40]
        raise UsageError(f"{option} takes a number from {least:,} to {most:,}, found {found}")


def require_regular(file: Path, remedy: str) -> None:
    """Raise UsageError for a pipe or a device, which a read would wait for without end.

    What a shell hands over with `<(command)` is fine, and so is a missing file, which the read
    names.
    """
    if str(file).startswith(("/dev/fd/", "/proc/self/fd/", "/dev/stdin")):
        return
    try:
        waits = is_pipe_or_device(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}; {remedy}") from error
    if waits:
        raise UsageError(f"{file} is a pipe or a device, no file; {remedy}")
