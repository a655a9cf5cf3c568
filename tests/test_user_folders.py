"""Where no home folder is known: no settings of the user, no trust, a temporary cache."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from notesearch.embedding.model_cache import choose_cache
from notesearch.errors import SettingsError
from notesearch.settings import Settings, load_settings
from notesearch.settings_file import user_settings_file
from notesearch.trust import distrust, is_trusted, list_trusted, trust


@pytest.fixture(autouse=True)
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as a user without an entry, and without HOME, in a folder that brings a `~`."""

    def no_entry(user: int) -> None:
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", no_entry)
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~/.config/notesearch").mkdir(parents=True)
    (tmp_path / "~/.config/notesearch/config.yaml").write_text("model: some/model\n")


def test_defaults_are_the_settings():
    assert user_settings_file() is None
    assert load_settings(None, {}) == Settings()


def test_nothing_is_trusted_and_nothing_can_be():
    file = Path("notesearch.yaml")
    file.write_text("model: some/model\n")
    warnings: list[str] = []
    assert load_settings(None, {}, warn=warnings.append).left_out == ("model",)
    assert len(warnings) == 1
    assert not is_trusted(file, file.read_bytes())
    assert list_trusted() == []
    assert distrust(file) is False
    with pytest.raises(SettingsError, match=r"no home folder is known.*; set HOME or XDG_STATE"):
        trust(file, file.read_bytes())


def test_models_are_kept_in_a_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    warnings: list[str] = []
    cache = choose_cache(None, warnings.append)
    assert cache.parent == tmp_path
    assert warnings == [f"no home folder is known; compiled models are kept in {cache} for now"]
