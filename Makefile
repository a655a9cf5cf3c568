# `make check` is what has to pass before a change lands.
PYTHON ?= .venv/bin/python
# One for each core. A single file is quicker in a process of its own: pytest -x tests/one_file.py
WORKERS ?= 2
PYTEST = $(PYTHON) -m pytest -n $(WORKERS) --dist worksteal

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
	$(PYTEST)

slow:
	$(PYTEST) -m "slow or hypothesis" --hypothesis-profile=thorough

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .
