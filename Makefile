# `make check` is what has to pass before a change lands.
PYTHON ?= .venv/bin/python

.PHONY: install check lint types test slow format

install:
	python3 -m venv .venv
	$(PYTHON) -m pip install -c constraints.txt -e '.[dev]'

check: lint types test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest

slow:
	$(PYTHON) -m pytest -m slow

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .
