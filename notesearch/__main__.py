"""`python -m notesearch`: the command line, where its script is not on the path.

Nothing is imported from the working folder: it may hold somebody else's notes, and beside them a
`yaml.py`. `-m` puts it before everything else, so it is taken out before the first import that is
not built in. The package itself is found by then, also where it is run from its checkout.
"""

import gc
import os  # loaded since Python began
import sys


def run() -> None:
    """Run the command line; Ctrl-C while it is still being loaded is no traceback either."""
    # Of what a process makes at its start nearly all stays: to look through it after every 700
    # new objects, as Python does, takes 0.03 s of the 0.35 s of a question.
    gc.set_threshold(100_000)
    # The threads of numpy's algebra library, which wait for work from its import on, fall asleep
    # at once instead of after 0.01 s of a processor.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    try:
        from notesearch.cli import run as run_command
    except KeyboardInterrupt:
        sys.exit(130)  # ExitCode.INTERRUPTED, which may not be loaded yet
    run_command()


def _forget_working_folder() -> None:
    """Take the folder that `-m` put first out of where imports are looked for."""
    try:
        first = {"", os.getcwd()}  # noqa: PTH109 - pathlib is not loaded yet
    except OSError:  # the working folder is gone
        first = {""}
    if sys.path[:1] and sys.path[0] in first:
        del sys.path[0]


if __name__ == "__main__":
    _forget_working_folder()
    run()
