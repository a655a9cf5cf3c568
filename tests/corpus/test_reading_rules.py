from __future__ import annotations

import random
import shutil
import subprocess
import sys

import pytest

from notesearch.corpus.reading_rules import PathPatterns, PatternError

NAMES = ["a", "b", "ab", "ba", "aab", "bb", "*", "!a", "!b", "#c", "a "]
GLOBS = ["a", "b", "ab", "*", "?", "**", "a*", "*b", "*a*b*", "a**b", "[ab]", "[!a]", "[^b]",
         "\\*", "\\!a", "!b", "#c", "a\\ "]  # fmt: skip


def random_line(chance: random.Random) -> str:
    names = "/".join(chance.choices(GLOBS, k=chance.randrange(1, 4)))
    return chance.choice(("", "", "/", "!", "**/")) + names + chance.choice(("", "/", "/**", " "))


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@pytest.mark.parametrize("seed", range(60))
def test_paths_are_matched_as_git_matches_them(tmp_path, seed):
    chance = random.Random(seed)
    lines = [random_line(chance) for _ in range(chance.randrange(1, 4))]
    paths = {"/".join(chance.choices(NAMES, k=chance.randrange(1, 5))) for _ in range(200)}
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("\n".join(lines), encoding="utf-8")
    asked = subprocess.run(
        ["git", "-C", tmp_path, "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(paths),
        capture_output=True,
        text=True,
        check=False,  # 1: none is ignored
    )
    patterns = PathPatterns.from_lines(lines)
    assert {path for path in paths if patterns.match(path)} == set(asked.stdout.split("\0")) - {""}


def test_folder_is_told_from_a_file_by_its_slash():
    patterns = PathPatterns.from_lines(["build/"])
    assert [patterns.match(path) for path in ("build/", "x/build/", "build/a.md", "build")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_last_line_that_fits_decides():
    patterns = PathPatterns.from_lines(["*.md", "!keep.md", "# !all.md"])
    assert [patterns.match(path) for path in ("a.md", "keep.md", "all.md")] == [True, False, True]


@pytest.mark.parametrize("line", ["a\\", "x/b\\\\\\/c"])
def test_line_that_ends_in_a_backslash_is_no_pattern(line):
    with pytest.raises(PatternError, match="nothing follows its last backslash") as caught:
        PathPatterns.from_lines(["# first", line])
    assert caught.value.number == 2


# Each took longer than anybody waits where a regular expression tried every way to fit.
@pytest.mark.parametrize("line", ["*a" * 40 + "b", "**/a/" * 7 + "b", "*a" * 20_000, "**/" * 9_000])
def test_pattern_of_many_stars_is_matched_at_once(line):
    program = """
import sys
from notesearch.corpus.reading_rules import PathPatterns
patterns = PathPatterns.from_lines([sys.argv[1]])
print([patterns.match(path) for path in ("a" * 250, "a/" * 500 + "c", "a/" * 500 + "b")])
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, line],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert (
        ended.stdout.strip()
        == {
            "*a" * 40 + "b": "[False, False, False]",
            "**/a/" * 7 + "b": "[False, False, True]",
            "*a" * 20_000: "[False, False, False]",
            "**/" * 9_000: "[False, True, True]",
        }[line]
    )
