"""What wakes an update, on real folders with the system's own watches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
import watchfiles._rust_notify

from notesearch.corpus.folder_watch import FolderWatch, UnwatchableError, network_drive
from notesearch.corpus.walk import list_files

ROOT = Path(__file__).parents[2]
LONG_S = 60.0
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems watch other things")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    corpus = tmp_path / "notes"
    for path in ("a.md", "sub/deep/b.md", "index/catalog.sqlite", ".git/objects/x", "pic.png"):
        (corpus / path).parent.mkdir(parents=True, exist_ok=True)
        (corpus / path).write_text("words\n", encoding="utf-8")
    return corpus


Open = Callable[[], FolderWatch]


@pytest.fixture
def open_watch(corpus: Path) -> Iterator[Open]:
    opened: list[FolderWatch] = []

    def open_one() -> FolderWatch:
        opened.append(FolderWatch(corpus, list_files(corpus).folders, corpus / "index"))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def woken(watch: FolderWatch) -> bool:
    return watch.wait(LONG_S, Event())


def write(file: Path) -> None:
    file.write_text("other words\n", encoding="utf-8")


def save_by_rename(file: Path) -> None:
    write(file.with_name(f".{file.name}.tmp"))
    file.with_name(f".{file.name}.tmp").replace(file)


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": lambda corpus: write(corpus / "a.md"),
    "new": lambda corpus: write(corpus / "sub/new.org"),
    "saved by rename": lambda corpus: save_by_rename(corpus / "sub/deep/b.md"),
    "removed": lambda corpus: (corpus / "a.md").unlink(),
    "moved": lambda corpus: (corpus / "a.md").rename(corpus / "sub/c.md"),
    "made readable": lambda corpus: (corpus / "a.md").chmod(0o600),
    "ignored otherwise": lambda corpus: write(corpus / ".notesearchignore"),
}
FOLDERS: dict[str, Callable[[Path], object]] = {
    "new": lambda corpus: (corpus / "new").mkdir(),
    "moved in": lambda corpus: (corpus.parent / "else").rename(corpus / "else"),
    "moved out": lambda corpus: (corpus / "sub").rename(corpus.parent / "gone"),
    "renamed": lambda corpus: (corpus / "sub").rename(corpus / "other"),
    "removed": lambda corpus: shutil.rmtree(corpus / "sub"),
    "the corpus itself": lambda corpus: corpus.rename(corpus.parent / "away"),
}
NOTHING: dict[str, Callable[[Path], object]] = {
    "no note": lambda corpus: write(corpus / "refs.bib"),
    "no note, removed": lambda corpus: (corpus / "pic.png").unlink(),
    "hidden": lambda corpus: write(corpus / ".a.md.swp"),
    "hidden note": lambda corpus: write(corpus / ".draft.md"),
    "hidden folder": lambda corpus: (corpus / ".trash").mkdir(),
}
UNSEEN: dict[str, Callable[[Path], object]] = {
    "of the index": lambda corpus: write(corpus / "index/README.md"),
    "in a hidden folder": lambda corpus: write(corpus / ".git/objects/y.md"),
    "read": lambda corpus: (corpus / "a.md").read_bytes(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_change_of_a_note_wakes(corpus, open_watch, change):
    watch = open_watch()
    change(corpus)
    assert woken(watch)
    assert not watch.is_stale


@pytest.mark.parametrize("change", FOLDERS.values(), ids=FOLDERS)
def test_change_of_a_folder_wakes_and_asks_for_another_watch(corpus, open_watch, change):
    (corpus.parent / "else").mkdir()
    watch = open_watch()
    change(corpus)
    assert woken(watch)
    assert watch.is_stale
    assert woken(watch)  # at once, as long as nobody made another one


@pytest.mark.parametrize("change", NOTHING.values(), ids=NOTHING)
def test_change_of_what_is_no_note_does_not_wake(corpus, open_watch, change):
    watch = open_watch()
    change(corpus)
    assert not woken(watch)
    assert not watch.is_stale


@pytest.mark.parametrize("change", UNSEEN.values(), ids=UNSEEN)
def test_what_lies_elsewhere_is_not_even_seen(corpus, open_watch, change):
    watch = open_watch()
    change(corpus)
    write(corpus / "refs.bib")  # which ends the wait
    assert not woken(watch)


def test_link_out_of_the_corpus_is_not_followed(corpus, open_watch, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (corpus / "link").symlink_to(outside)
    (corpus / "root").symlink_to("/")
    watch = open_watch()
    write(outside / "theirs.md")
    write(corpus / "refs.bib")
    assert not woken(watch)


def test_wait_ends_when_it_is_stopped(open_watch):
    watch, stop = open_watch(), Event()
    stop.set()
    assert not watch.wait(LONG_S, stop)


def test_many_changes_are_one(corpus, open_watch):
    watch = open_watch()
    for number in range(200):
        write(corpus / f"{number}.md")
    assert woken(watch)
    write(corpus / "refs.bib")
    assert not woken(watch)


def test_limit_of_the_system_is_named(monkeypatch, open_watch):
    def refuse(*_: object) -> None:
        raise OSError('OS file watch limit reached. about ["/home/me/notes"]')

    monkeypatch.setattr(watchfiles._rust_notify, "RustNotify", refuse)
    with pytest.raises(UnwatchableError) as caught:
        open_watch()
    assert str(caught.value) == ("the system cannot watch the folder (OS file watch limit reached)")


OPEN_WITH_ONE_WATCH = """
echo 1 > /proc/sys/user/max_inotify_watches || exit 77
exec "$0" -c "
import sys
from pathlib import Path
from notesearch.corpus.folder_watch import FolderWatch
from notesearch.corpus.walk import list_files
corpus = Path(sys.argv[1])
FolderWatch(corpus, list_files(corpus).folders, corpus / 'index')
" "$1"
"""


def test_more_folders_than_the_system_watches_are_not_watched_in_part(corpus):
    # In a namespace of its own, whose limit nobody else feels.
    command = ["unshare", "-Ur", "sh", "-c", OPEN_WITH_ONE_WATCH, sys.executable, str(corpus)]
    try:
        ended = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_S, check=False
        )
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if ended.returncode == 77 or ended.stderr.startswith("unshare:"):
        pytest.skip("no namespace may be made here")
    last = ended.stderr.splitlines()[-1]
    assert last.endswith("the system cannot watch the folder (OS file watch limit reached)")


def test_folder_that_is_gone_by_then_is_named(corpus):
    folders = list_files(corpus).folders
    shutil.rmtree(corpus / "sub")
    with pytest.raises(UnwatchableError, match=r"cannot watch the folder \(No such file"):
        FolderWatch(corpus, folders, corpus / "index")


def test_watch_that_breaks_asks_for_another_one(open_watch):
    watch = open_watch()
    watch.close()  # its own calls are errors from now on
    assert woken(watch)
    assert watch.is_stale


def test_missing_library_is_named_with_the_command_that_installs_it(monkeypatch, open_watch):
    monkeypatch.setitem(sys.modules, "watchfiles._rust_notify", None)
    with pytest.raises(UnwatchableError, match="comes with the extra serve"):
        open_watch()


MOUNTS = r"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:51 / /mnt/nas rw,relatime shared:5 - nfs4 nas:/export rw
31 22 0:52 / /mnt/my\040notes rw,relatime - fuse.sshfs me@host: rw
32 30 8:2 / /mnt/nas/local rw,relatime - ext4 /dev/sdb1 rw
33 22 0:53 / /over rw - cifs //server/share rw
34 22 8:3 / /over rw - ext4 /dev/sdc1 rw
an odd line
"""


@pytest.mark.parametrize(
    ("folder", "drive"),
    [
        ("/home/me/notes", ""),
        ("/mnt/nas", "a network drive (nfs4)"),
        ("/mnt/nas/notes", "a network drive (nfs4)"),
        ("/mnt/nas2", ""),
        ("/mnt/my notes/a", "a network drive (fuse.sshfs)"),
        ("/mnt/nas/local/notes", ""),
        ("/over/notes", ""),
    ],
)
def test_network_drive_is_known_by_its_mount(tmp_path, folder, drive):
    (tmp_path / "mounts").write_text(MOUNTS, encoding="utf-8")
    assert network_drive(folder, tmp_path / "mounts") == drive
    assert network_drive(folder, tmp_path / "none") == ""


def test_network_drive_is_not_watched(monkeypatch, open_watch, corpus):
    line = f"30 22 0:51 / {os.path.realpath(corpus)} rw - nfs4 nas:/export rw\n"
    (corpus.parent / "mounts").write_text(line, encoding="utf-8")
    monkeypatch.setattr(network_drive, "__defaults__", (corpus.parent / "mounts",))
    with pytest.raises(UnwatchableError, match=r"what others change on a network drive \(nfs4\)"):
        open_watch()
