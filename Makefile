# Two commands: `make demo` and `make test`. Each sets up what it needs in .venv, once. All of them: see CONTRIBUTING.md.

PYTHON ?= python3
BIN := .venv/bin
BUILT_FROM := pyproject.toml setup.py utils/_fast_layers.pyx $(wildcard utils/_kernels/*)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
PIP := $(BIN)/python -m pip install --quiet --quiet --progress-bar off --editable  # says nothing but errors
# One process more than there are processors: many tests wait for a process to end, or for a clock.
WORKERS := $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# What a developer wants to know at once, and what students run themselves: checks, layers, utils, reading submissions.
FAST := tests/checks tests/course tests/recipes tests/submission tests/utils \
        tests/reference/test_layers.py tests/reference/test_conv_layers.py tests/reference/test_optim.py

.PHONY: demo test test-fast test-pythons slow bites fuzz release format clean

demo: .venv/installed  ## grade a made-up class from end to end
	$(BIN)/grader demo

test: .venv/installed-dev  ## style, types and the whole ordinary suite
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PYTEST) -m "not slow"

test-fast: .venv/installed-dev  ## style, types and a sample of the suite, in a minute
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PYTEST) -m "not slow" $(FAST) --ignore tests/utils/test_fast_layers_build.py  # that compiles, which takes long

test-pythons:  ## the same sample on every Python from 3.11 up that is found here
	@$(PYTHON) tests/every_python.py $(FAST)

slow: .venv/installed-dev  ## the rest of the suite: what takes long, the rest of large families, long property tests
	$(BIN)/pytest -m "slow or hypothesis" --hypothesis-profile=long

bites: .venv/installed-dev  ## prove anew that every attack bites a naive grader, and record it; about five minutes
	$(BIN)/python -m pytest tests/attacks -m "slow or not slow" -k bites
	cd tests && ../$(BIN)/python -m attacks.proven

fuzz: .venv/installed-dev  ## 100,000 damaged inputs for everything that reads a stranger's bytes
	NNDL_FUZZ=100000 $(BIN)/pytest tests/fuzz

release: .venv/installed  ## write stubs, notebooks and golden packs anew
	$(BIN)/grader release

format: .venv/installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:  ## remove what make and the demo made
	rm -rf .venv build demo dist *.egg-info utils/*.so

.venv/installed: $(BUILT_FROM) | .venv/bin/python
	@echo "Installing the kit and what it needs into .venv: once, about a minute ..."
	@$(PIP) .
	@touch $@

.venv/installed-dev: $(BUILT_FROM) | .venv/bin/python
	@echo "Installing the kit and what its tests need into .venv: once, about a minute ..."
	@$(PIP) '.[dev]'
	@touch $@ .venv/installed

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11; run: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 2; }
	@echo "Making a virtual environment in .venv ..."
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 2; }
