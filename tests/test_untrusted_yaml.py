"""Nesting without end in YAML is an error; in C it would be the end of the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

# In a thread, whose stack is small on some systems, as a program may have it.
PROGRAM = """
import sys, threading
from notesearch.untrusted_yaml import YAML_FAULTS, describe_fault, load_yaml

def read():
    try:
        load_yaml(eval(sys.argv[1]))
    except YAML_FAULTS as error:
        print(describe_fault(error))

threading.stack_size(512 * 1024)
thread = threading.Thread(target=read)
thread.start()
thread.join()
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("'title: x\\na: ' + '[' * 200_000", 2),
        ("'title: x\\na: ' + '[' * 200_000 + ']' * 200_000", 2),
        ("'a: ' + '{' * 200_000", 1),
        ("'a: ' + '[{' * 100_000", 1),
        ("'a: ' + '[a: ' * 100_000", 1),
        ("'- ' * 200_000", 1),
        ("'? ' * 200_000", 1),
        ("''.join(' ' * depth + 'a:\\n' for depth in range(3_000))", 51),
    ],
)
def test_nesting_without_end_is_an_error_with_its_line(text, line):
    command = [sys.executable, "-c", PROGRAM, text]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f", line {line}: not YAML: nested deeper than 50\n"
