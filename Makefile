# Two commands: `make demo` and `make test`. Each sets up what it needs in .venv, once.

PYTHON ?= python3
BIN := .venv/bin
BUILT_FROM := pyproject.toml setup.py utils/_fast_layers.pyx $(wildcard utils/_kernels/*)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: demo test slow fuzz release format clean

demo: .venv/installed  ## grade a made-up class from end to end
	$(BIN)/grader demo

test: .venv/installed-dev  ## style, types and the whole ordinary suite
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -m "not slow" --numprocesses auto --dist loadfile

slow: .venv/installed-dev  ## what takes minutes: every notebook from top to bottom, long property tests
	$(BIN)/pytest -m slow

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
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/installed-dev: $(BUILT_FROM) | .venv/bin/python
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ .venv/installed

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11; run: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 2; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 2; }
