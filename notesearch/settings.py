"""Read the settings: defaults, the user's own file, `notesearch.yaml`, environment, options.

Later ones win. `notesearch.yaml` is that of the working folder or of the nearest folder above it.
A key nobody knows is an error that names the nearest known one: a setting misspelt
is a setting that silently does nothing. One table, `KEYS`, has a row for each key: how its value is
read, whether the environment may give it, and which of its values a found `notesearch.yaml` may not
give before the person has given `notesearch trust`.
"""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from notesearch.corpus.reading_rules import ReadingOptions, ReadingRule
from notesearch.editors import EDITORS
from notesearch.embedding.model_choice import (
    BUNDLED_NAMES,
    DTYPES,
    SHIPPED_NAME,
    ModelChoice,
    RerankerChoice,
)
from notesearch.engine_address import is_engine_address
from notesearch.errors import SettingsError, warn_in_python
from notesearch.setting_values import (
    Read,
    check_key,
    one_of,
    read_endpoint,
    read_files,
    read_folder,
    read_index,
    read_model_name,
    read_number,
    read_precision,
    read_prompt,
    read_rules,
    read_text,
    read_texts,
    read_truth,
)
from notesearch.settings_file import (
    SETTINGS_FILE,
    SettingsFile,
    is_of_another_user,
    nearest_settings_file,
    read_settings_bytes,
    read_settings_file,
    user_settings_file,
)

_ENVIRONMENT_PREFIX = "NOTESEARCH_"
THE_ENVIRONMENT = "the environment"  # as the place of a value
# Read by others: the tests and benchmarks, the command line, and what asks a server for vectors.
_OTHER_VARIABLES = tuple(f"NOTESEARCH_{name}" for name in ("DATA", "DEBUG", "TOKEN", "API_KEY"))

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
    update: str = "manual"  # or on-query
    bibliography: tuple[Path, ...] = ()  # .bib files, beside those in the corpus
    editor: str = ""  # "": that of VISUAL or EDITOR; for links, Obsidian's in its vault
    left_out: tuple[str, ...] = ()  # keys of notesearch.yaml that need the person's trust
    # Where `index` and `corpus` are unless something names them: beside the notesearch.yaml that
    # was found, or in the working folder.
    root: Path = field(default=Path(), compare=False)
    file: Path | None = field(default=None, compare=False)  # the notesearch.yaml, or --config
    # By key: the file that gave its value, or "the environment"; defaults have none.
    places: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def updates_on_query(self) -> bool:
        """Whether a question brings the index in step first."""
        return self.update == "on-query"

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


def _is_not_installed(value: object, base: Path) -> bool:
    return value != SHIPPED_NAME and value not in BUNDLED_NAMES


def _leads_out(value: object, base: Path) -> bool:
    """Return whether a folder lies outside the one of the settings file, links followed."""
    folder = os.path.realpath(read_folder("folder", value, SETTINGS_FILE, base))
    return not Path(folder).is_relative_to(os.path.realpath(base))


def _leads_away(value: object, base: Path) -> bool:
    """Return whether an index is in an engine, which is sent the questions, or in another folder.

    The folder of an engine without a server may hold what runs when it is opened.
    """
    return (isinstance(value, str) and is_engine_address(value.strip())) or _leads_out(value, base)


def _any_leads_out(value: object, base: Path) -> bool:
    return any(_leads_out(one, base) for one in (value if isinstance(value, list) else [value]))


@dataclass(frozen=True, slots=True)
class Key:
    """A row of the table: a key of a settings file."""

    name: str
    read: Read
    # A settings file may have come with a folder of notes. Some values count only if the person
    # trusts the file: those that run code, that fetch or send, or that reach outside its folder.
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
    Key("index", read_index, _leads_away, in_environment=True),
    Key("ignore", read_texts),
    Key("follow_links", read_truth, _is_true),
    Key("reading", read_rules),
    Key("inline_tags", one_of("auto", "always", "never"), in_environment=True),
    Key("passage_tokens", read_number),
    Key("update", one_of("manual", "on-query"), in_environment=True),
    Key("bibliography", read_files, _any_leads_out),
    Key("editor", one_of(*EDITORS), _always),  # which program runs is the person's own choice
    Key("model", read_model_name, _is_not_installed, Part.MODEL, "name", in_environment=True),
    replace(_model("endpoint", read_endpoint, _always), in_environment=True),  # texts go there
    Key("precision", read_precision, None, Part.MODEL, in_environment=True),
    Key("device", read_text, None, Part.MODEL, in_environment=True),
    Key("dtype", one_of(*DTYPES), None, Part.MODEL),
    _model("revision", read_text, _always),  # makes even a bundled model a hub model
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


def load_settings(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    warn: Callable[[str], None] = warn_in_python,
) -> Settings:
    """Read the settings that hold here; without a `file`, the nearest notesearch.yaml counts.

    `warn` hears in one line each what does not count: keys of that notesearch.yaml that need
    trust, and variables of the environment that are not known.
    """
    if file is None:
        return load_settings_of(nearest_settings_file(), environment, warn=warn)
    settings = _with_file(_own_settings(), read_settings_file(file))
    return _with_environment(replace(settings, file=file), environment, warn)


def load_settings_of(
    found: Path | None,
    environment: Mapping[str, str] | None = None,
    *,
    warn: Callable[[str], None] = warn_in_python,
) -> Settings:
    """Read the settings that hold where `found` is the nearest notesearch.yaml."""
    settings = _own_settings()
    if found is not None:
        settings = _with_found_file(settings, found, warn)
    return _with_environment(settings, environment, warn)


def _own_settings() -> Settings:
    """Return the defaults with what the user's own file changes."""
    own = user_settings_file()
    if own is None or not os.path.lexists(own):
        return Settings()
    return _with_file(Settings(), read_settings_file(own))


def _with_environment(
    settings: Settings, environment: Mapping[str, str] | None, warn: Callable[[str], None]
) -> Settings:
    given = _read_environment(os.environ if environment is None else environment, warn)
    return _with_values(settings, given, THE_ENVIRONMENT, None)


def needing_trust(file: SettingsFile) -> dict[str, Any]:
    """Return the keys with their values that count only if the person trusts the file."""
    base = file.path.parent
    # Checked first, so that a wrong value is an error and no question of trust.
    _with_values(Settings(rerank=RerankerChoice("")), file.values, str(file.path), base)
    return {
        key: value
        for key, value in file.values.items()
        if (needs_trust := KEYS[key].needs_trust) and needs_trust(value, base)
    }


def _with_file(settings: Settings, file: SettingsFile) -> Settings:
    return _with_values(settings, file.values, str(file.path), file.path.parent)


def _with_found_file(settings: Settings, path: Path, warn: Callable[[str], None]) -> Settings:
    """Add what a found notesearch.yaml says, without what needs trust unless it has it."""
    from notesearch.trust import is_trusted

    is_above = path.is_absolute()
    if is_above and is_of_another_user(path) and not _is_trusted_unread(path):
        # Nobody chose it: whoever may write into /tmp would set something for all folders there.
        warn(f"{path}: left out, as it is another user's file; to accept it, {_trust(path)}")
        return settings
    file = read_settings_file(path)
    settings = replace(settings, file=path, root=path.parent)
    if "index" not in settings.places:
        settings = replace(settings, index=path.parent / DEFAULT_INDEX)
    needing = needing_trust(file)
    if not needing or is_trusted(file.path, file.content):
        return _with_file(settings, file)
    warn(
        f"{file.path}: left out {', '.join(needing)}: a file that came with a folder may not set "
        f"{'it' if len(needing) == 1 else 'them'} unasked; to see and accept, {_trust(path)}"
    )
    # Without its model or cross-encoder nothing holds that belongs to it.
    named = {Part.MODEL: "model", Part.RERANKER: "rerank"}
    without = {part for part, name in named.items() if name in needing}
    values = {
        key: value
        for key, value in file.values.items()
        if key not in needing and KEYS[key].part not in without
    }
    return replace(_with_file(settings, replace(file, values=values)), left_out=tuple(needing))


def _is_trusted_unread(path: Path) -> bool:
    """Return whether a file is trusted, whatever it holds: it is not looked into before."""
    from notesearch.trust import is_trusted

    try:
        return is_trusted(path, read_settings_bytes(path))
    except SettingsError:
        return False


def _trust(path: Path) -> str:
    """Return the command that trusts a found file."""
    return f"run: notesearch trust {shlex.quote(str(path)) if path.is_absolute() else ''}".rstrip()


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
    changes["places"] = {**settings.places, **dict.fromkeys(values, place)}
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
