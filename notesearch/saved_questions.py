"""Keep questions by a name, in a file that a person may read, edit and put into git.

It lies beside the notesearch.yaml that holds, or in the person's own settings folder where there is
none: no index has it, so that it outlasts them. One line a question: `rh: reward hacking tag:rl`.
What a file from somebody else says is asked as a question, and can do nothing more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from notesearch.durable import write_whole
from notesearch.errors import SettingsError, UsageError
from notesearch.regular_files import NotRegularFileError, read_regular
from notesearch.settings import Settings
from notesearch.user_folders import config_folder

FILE_NAME = "saved-questions.yaml"
_HEAD = "# Questions that were saved; to ask one, run: notesearch query @NAME\n"
# No YAML reads such a name as anything but text, apart from those of _NO_TEXT and numbers.
_NAME = re.compile(r"[^\W\d][\w-]{0,39}")
_NO_TEXT = frozenset(("yes", "no", "on", "off", "true", "false", "null"))
_LONGEST = 2000  # characters of a question
_MOST_BYTES = 1 << 20


def questions_file(settings: Settings) -> Path:
    """Return the file of the questions that these settings go with; it need not exist."""
    if settings.file is not None:
        return settings.file.parent / FILE_NAME
    folder = config_folder()
    if folder is None:
        raise SettingsError(
            "no home folder is known, to keep questions in; make a notesearch.yaml beside them"
        )
    return folder / FILE_NAME


def read_questions(file: Path) -> dict[str, str]:
    """Return the questions of a file by their names, in its order; none where there is no file."""
    return _parse(file, _read(file))


def save_question(file: Path, name: str, question: str) -> str | None:
    """Save a question under a name; return the one that had it before."""
    require_name(name)
    text = " ".join(question.split())
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("the question is not UTF-8; leave out the lone surrogate") from error
    if not text or len(text) > _LONGEST:
        found = f"it has {len(text):,} characters" if text else "it is empty"
        raise UsageError(f"{found}; save a question of 1 to {_LONGEST:,} characters")
    content = _read(file)
    before = _parse(file, content)
    _write(file, content, before, {**before, name: text})
    return before.get(name)


def remove_question(file: Path, name: str) -> str:
    """Remove a question by its name, and return it; UsageError where there is none."""
    content = _read(file)
    before = _parse(file, content)
    if name not in before:
        there = ", ".join(before) or "none"
        raise UsageError(f"no question is saved as {name[:60]!r}; saved are: {there}")
    _write(file, content, before, {key: text for key, text in before.items() if key != name})
    return before[name]


def require_name(name: str) -> None:
    """Raise UsageError for what cannot be the name of a question."""
    if not is_name(name):
        raise UsageError(
            f"{name[:60]!r} is no name for a question; take up to 40 letters, digits, - and _, "
            "a letter first, and none of: yes, no, on, off, true, false, null"
        )


def is_name(name: str) -> bool:
    """Return whether a question may be called so."""
    return bool(_NAME.fullmatch(name)) and name.casefold() not in _NO_TEXT


def _read(file: Path) -> str:
    """Return the text of the file; "" where there is none."""
    try:
        content = read_regular(file, most=_MOST_BYTES + 1)
    except FileNotFoundError:
        return ""
    except NotRegularFileError as error:
        raise SettingsError(f"{file} is no regular file; move it away") from error
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}; make it readable") from error
    if len(content) > _MOST_BYTES:
        raise SettingsError(f"{file} is larger than 1 MB; leave fewer questions in it")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{file} is not UTF-8 from byte {error.start} on; save it as UTF-8"
        ) from error


def _parse(file: Path, content: str) -> dict[str, str]:
    if not content.strip():
        return {}
    from notesearch.untrusted_yaml import YAML_FAULTS, describe_fault, load_yaml

    try:
        value = load_yaml(content)
    except YAML_FAULTS as error:
        fault = describe_fault(error)
        raise SettingsError(f"{file}{fault}{'' if ';' in fault else '; mend that line'}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SettingsError(f"{file}: write lines such as rh: reward hacking tag:rl")
    for name, text in value.items():
        if not isinstance(name, str) or not is_name(name):
            raise SettingsError(
                f"{file}: {str(name)[:60]!r} is no name for a question; begin it with a letter"
            )
        if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
            raise SettingsError(
                f"{file}: {name} is no question; write words, in quotes where they hold a colon "
                f'and a space: {name}: "reward hacking"'
            )
    return {name: " ".join(text.split()) for name, text in value.items()}


def _write(file: Path, content: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Write the questions, with the comments and the order that a person gave the file."""
    new = _edited(content or _HEAD, before, after)
    try:
        is_so = _parse(file, new) == dict(after)
    except SettingsError:
        is_so = False
    if not is_so:  # as where a question takes several lines
        new = _HEAD + "".join(_line(*pair) for pair in after.items())
    try:
        write_whole(file, new)
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}") from error


def _edited(content: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    lines = content.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    for name in {**before, **after}:
        if before.get(name) == after.get(name):
            continue
        new = [_line(name, after[name])] if name in after else []
        at = next((n for n, line in enumerate(lines) if re.match(rf"{name}\s*:", line)), None)
        if at is None:
            lines += new
        else:
            lines[at : at + 1] = new
    return "".join(lines)


def _line(name: str, question: str) -> str:
    """Write a question as a line of YAML, in quotes unless it is plain words."""
    is_plain = re.fullmatch(r"[^\W\d](?:[\w ?-]|:(?=\w))*(?<! )", question, re.ASCII)
    is_text = question.casefold() not in _NO_TEXT
    return f"{name}: {question if is_plain and is_text else _in_quotes(question)}\n"


def _in_quotes(text: str) -> str:
    """Write a text as YAML in double quotes, which reads the escapes of JSON too."""
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in shown)
