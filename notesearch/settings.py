"""Read the settings: defaults, the user's own file, `notesearch.yaml`, environment, options.

Later ones win. A key nobody knows is an error that names the nearest known one: a setting misspelt
is a setting that silently does nothing. One table, `KEYS`, has a row for each key: how its value is
read, whether the environment may give it, and which of its values `./notesearch.yaml` may not give
before the person has given `notesearch trust`.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from notesearch.corpus.reading_rules import ReadingOptions, ReadingRule
from notesearch.editors import EDITORS
from notesearch.embedding.model_choice import DTYPES, ModelChoice, RerankerChoice
from notesearch.embedding.model_files import BUNDLED_NAMES
from notesearch.errors import SettingsError, warn_in_python
from notesearch.regular_files import NotRegularFileError, read_regular
from notesearch.setting_values import (
    Read,
    check_key,
    one_of,
    read_folder,
    read_model_name,
    read_number,
    read_precision,
    read_prompt,
    read_rules,
    read_text,
    read_texts,
    read_truth,
)
from notesearch.user_folders import config_folder

SETTINGS_FILE = "notesearch.yaml"
_ENVIRONMENT_PREFIX = "NOTESEARCH_"
# Read by others: the tests and benchmarks, and the command line.
_OTHER_VARIABLES = ("NOTESEARCH_DATA", "NOTESEARCH_DEBUG")
_MOST_BYTES = 1 << 20  # of a settings file


DEFAULT_INDEX = Path("index")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person can set; the folders are absolute or relative to the working folder."""

    corpus: Path | None = None  # None: the one that the index was made of, or else ./corpus
    index: Path = DEFAULT_INDEX
    model: ModelChoice = field(default_factory=ModelChoice)
    rerank: RerankerChoice | None = None  # a cross-encoder that has the last word
    rerank_depth: int = 30  # passages that it reads for a question
    passage_tokens: int = 224  # the most tokens of a passage, where the model reads as many
    ignore: tuple[str, ...] = ()  # lines in gitignore syntax, beside .notesearchignore
    follow_links: bool = False  # read files and folders that links lead to outside the corpus
    inline_tags: str = "auto"  # read #hashtags in prose: auto, always or never
    reading: tuple[ReadingRule, ...] = ()
    editor: str = ""  # "": that of VISUAL or EDITOR; for links, Obsidian's in its vault
    left_out: tuple[str, ...] = ()  # keys of ./notesearch.yaml that need the person's trust

    @property
    def reading_options(self) -> ReadingOptions:
        """What the reading of a corpus goes by."""
        return ReadingOptions(
            ignore=self.ignore,
            follow_links=self.follow_links,
            inline_tags={"always": True, "never": False}.get(self.inline_tags),
            rules=self.reading,
            passage_tokens=self.passage_tokens,
        )


# ---------------------------------------------------------------- the keys


class Part(Enum):
    """What a key sets a field of."""

    SETTINGS = "settings"
    MODEL = "model"
    RERANKER = "reranker"


def _always(value: object, base: Path) -> bool:
    return True


def _is_true(value: object, base: Path) -> bool:
    return value is True


def _is_not_bundled(value: object, base: Path) -> bool:
    return value not in BUNDLED_NAMES


def _leads_out(value: object, base: Path) -> bool:
    """Return whether a folder lies outside the one of the settings file, links followed."""
    folder = os.path.realpath(read_folder("folder", value, SETTINGS_FILE, base))
    return not Path(folder).is_relative_to(os.path.realpath(base))


@dataclass(frozen=True, slots=True)
class Key:
    """A row of the table: a key of a settings file."""

    name: str
    read: Read
    # A settings file may have come with a folder of notes. Some values count only if the person
    # trusts the file: those that run code, that fetch, or that reach outside its folder.
    needs_trust: Callable[[object, Path], bool] | None = None
    part: Part = Part.SETTINGS
    field: str = ""  # of the part, where it is not called like the key
    in_environment: bool = False
    of_one_model: bool = False  # no longer applies when another model is named


def _model(name: str, read: Read, needs_trust: Callable[[object, Path], bool] | None = None) -> Key:
    """Return a row for what belongs to one model."""
    return Key(name, read, needs_trust, Part.MODEL, of_one_model=True)


_TABLE = (
    Key("corpus", read_folder, _leads_out, in_environment=True),
    Key("index", read_folder, _leads_out, in_environment=True),
    Key("ignore", read_texts),
    Key("follow_links", read_truth, _is_true),
    Key("reading", read_rules),
    Key("inline_tags", one_of("auto", "always", "never"), in_environment=True),
    Key("passage_tokens", read_number),
    Key("editor", one_of(*EDITORS), _always),  # which program runs is the person's own choice
    Key("model", read_model_name, _is_not_bundled, Part.MODEL, "name", in_environment=True),
    Key("precision", read_precision, None, Part.MODEL, in_environment=True),
    Key("device", read_text, None, Part.MODEL, in_environment=True),
    Key("dtype", one_of(*DTYPES), None, Part.MODEL),
    _model("revision", read_text, _always),  # makes even the bundled model a hub model
    _model("truncate_dim", read_number),
    _model("query_prompt", read_prompt),
    _model("passage_prompt", read_prompt),
    _model("trust_remote_code", read_truth, _is_true),
    Key("rerank", read_model_name, _always, Part.RERANKER, "name", in_environment=True),
    Key("rerank_depth", read_number),
    Key("rerank_revision", read_text, _always, Part.RERANKER, "revision"),
    Key("rerank_trust_remote_code", read_truth, _is_true, Part.RERANKER, "trust_remote_code"),
)
KEYS = MappingProxyType({key.name: key for key in _TABLE})
FROM_ENVIRONMENT = tuple(key.name for key in _TABLE if key.in_environment)


# ---------------------------------------------------------------- reading them


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file, read once: what is checked for trust is what counts."""

    path: Path
    content: bytes
    values: Mapping[str, Any]

    def needing_trust(self) -> dict[str, Any]:
        """Return the keys with their values that count only if the person trusts the file."""
        base = self.path.parent
        # Checked first, so that a wrong value is an error and no question of trust.
        _with_values(Settings(rerank=RerankerChoice("")), self.values, str(self.path), base)
        return {
            key: value
            for key, value in self.values.items()
            if (needs_trust := KEYS[key].needs_trust) and needs_trust(value, base)
        }


def load_settings(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    warn: Callable[[str], None] = warn_in_python,
) -> Settings:
    """Read the settings that hold here; without a `file`, ./notesearch.yaml if there is one.

    `warn` hears in one line each what does not count: keys of ./notesearch.yaml that need trust,
    and variables of the environment that are not known.
    """
    settings = Settings()
    own = user_settings_file()
    if own is not None and os.path.lexists(own):
        settings = _with_file(settings, read_settings_file(own))
    if file is not None:
        settings = _with_file(settings, read_settings_file(file))
    elif os.path.lexists(SETTINGS_FILE):
        settings = _with_found_file(settings, read_settings_file(Path(SETTINGS_FILE)), warn)
    given = _read_environment(os.environ if environment is None else environment, warn)
    return _with_values(settings, given, "the environment", None)


def user_settings_file() -> Path | None:
    """Return the path of the user's own settings file, which need not exist."""
    folder = config_folder()
    return folder / "config.yaml" if folder is not None else None


def read_settings_file(path: Path) -> SettingsFile:
    """Read a settings file; SettingsError says in one line why it cannot be."""
    content = _read_bytes(path)
    try:
        values = _parse(path, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path} cannot be read: it is not UTF-8 from byte {error.start} on; save it as UTF-8"
        ) from error
    return SettingsFile(path, content, values)


def _read_bytes(path: Path) -> bytes:
    try:
        content = read_regular(path, most=_MOST_BYTES + 1)
    except NotRegularFileError as error:
        raise SettingsError(f"{path} is no regular file; name a settings file") from error
    except FileNotFoundError as error:
        raise SettingsError(f"{path} does not exist; name a settings file") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise SettingsError(f"{path} is larger than 1 MB; name a settings file")
    return content


def _parse(path: Path, text: str) -> dict[str, Any]:
    # 10 ms for yaml, which a query where there is no such file does not wait for.
    from notesearch.untrusted_yaml import YAML_FAULTS, describe_fault, load_yaml

    try:
        value = load_yaml(text)
    except YAML_FAULTS as error:
        raise SettingsError(f"{path}{describe_fault(error)}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else f"a {type(value).__name__}"
        raise SettingsError(f"{path}: settings are `key: value` lines, found {kind}")
    return value


def _with_file(settings: Settings, file: SettingsFile) -> Settings:
    return _with_values(settings, file.values, str(file.path), file.path.parent)


def _with_found_file(
    settings: Settings, file: SettingsFile, warn: Callable[[str], None]
) -> Settings:
    """Add what ./notesearch.yaml says, without what needs trust unless it has it."""
    from notesearch.trust import is_trusted

    needing = file.needing_trust()
    if not needing or is_trusted(file.path, file.content):
        return _with_file(settings, file)
    warn(
        f"{file.path}: left out {', '.join(needing)}: a file that came with a folder may not set "
        f"{'it' if len(needing) == 1 else 'them'} unasked; to see and accept, run: notesearch trust"
    )
    values = {
        key: value
        for key, value in file.values.items()
        # Without its cross-encoder nothing holds that belongs to it.
        if key not in needing and not ("rerank" in needing and KEYS[key].part is Part.RERANKER)
    }
    return replace(_with_file(settings, replace(file, values=values)), left_out=tuple(needing))


def _read_environment(
    environment: Mapping[str, str], warn: Callable[[str], None]
) -> dict[str, str]:
    known = {f"{_ENVIRONMENT_PREFIX}{name.upper()}": name for name in FROM_ENVIRONMENT}
    given: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(_ENVIRONMENT_PREFIX) or not value.strip():
            continue
        if variable in known:
            given[known[variable]] = value
        elif variable not in _OTHER_VARIABLES:
            warn(_unknown_variable(variable, known))
    return given


def _unknown_variable(variable: str, known: Mapping[str, str]) -> str:
    name = variable.removeprefix(_ENVIRONMENT_PREFIX).lower()
    if name in KEYS:
        return f"{variable} is not read from the environment; set {name} in {SETTINGS_FILE}"
    near = difflib.get_close_matches(name, FROM_ENVIRONMENT, n=1, cutoff=0.5)
    nearest = f"{_ENVIRONMENT_PREFIX}{near[0].upper()}" if near else ""
    hint = f"did you mean {nearest}?" if near else f"known are {', '.join(sorted(known))}"
    return f"the environment: {ascii(variable)[1:-1]} is not known; {hint}"


def _with_values(
    settings: Settings, values: Mapping[str, Any], place: str, base: Path | None
) -> Settings:
    """Add values to settings; names of folders are relative to `base`, or the working folder."""
    given: dict[Part, dict[str, Any]] = {part: {} for part in Part}
    for name, value in values.items():
        check_key(name, KEYS, place)
        key = KEYS[name]
        given[key.part][key.field or name] = key.read(name, value, place, base)
    changes = given[Part.SETTINGS]
    if given[Part.RERANKER]:
        changes["rerank"] = _with_reranker(settings.rerank, given[Part.RERANKER], place)
    return replace(settings, model=_with_model(settings.model, given[Part.MODEL]), **changes)


def _with_model(before: ModelChoice, values: Mapping[str, Any]) -> ModelChoice:
    if values.get("name", before.name) != before.name:
        defaults = ModelChoice()
        own = (key.name for key in _TABLE if key.of_one_model)
        before = replace(before, **{name: getattr(defaults, name) for name in own})
    return replace(before, **values)


def _with_reranker(
    before: RerankerChoice | None, values: Mapping[str, Any], place: str
) -> RerankerChoice:
    if "name" in values and (before is None or before.name != values["name"]):
        return RerankerChoice(**values)
    if before is None:
        given = ", ".join(f"rerank_{name}" for name in values)
        raise SettingsError(f"{place}: {given} without rerank; name a cross-encoder with rerank")
    return replace(before, **values)
