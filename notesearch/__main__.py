"""`python -m notesearch`: the command line, where its script is not on the path."""

from notesearch.cli import run

run()
