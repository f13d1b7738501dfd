# Everything a developer types. On a bare machine this needs make and Python 3.11 or newer, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv
TOOLS := .tools
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
DATA_DIR ?= .data
PORT ?= 9053
COVERAGE := --cov --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=98
export UV_PYTHON_DOWNLOADS := never

.PHONY: run test check coverage tools lint format bench migration docs lock clean help

run: $(STAMP) ## Make demo data and serve it on http://127.0.0.1:9053 (DATA_DIR=, PORT=)
	@$(BIN)/rs-downloader demo --data-dir $(DATA_DIR) --port $(PORT)
	@exec $(BIN)/rs-downloader serve --data-dir $(DATA_DIR) --port $(PORT)

test: $(STAMP) ## Run every test that needs no server (ARGS="-k quota" narrows)
	$(BIN)/pytest -m "not postgres and not amqp and not tools" -n 4 $(ARGS)

check: lint test ## What a change must pass: lint, and the tests

coverage: $(STAMP) ## The tests with branch coverage of the rules, which takes twice as long
	$(BIN)/pytest -m "not postgres and not amqp and not tools" -n 4 $(COVERAGE) $(ARGS)

tools: $(TOOLS)/.stamp ## Install the servers and clients that tests run beside the service (S3, Glacier, STAC)
	@echo 'export RS_DOWNLOADER_TEST_TOOLS=$(abspath $(TOOLS))/bin'

lint: $(STAMP) ## Style, format, types and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMP) ## Measure next to nginx in the same run; benchmarks/README.md says what and how
	$(BIN)/python -m benchmarks $(ARGS)

migration: $(STAMP) ## Write a migration from the tables: make migration m="why"
	@test -n "$(m)" || { echo 'Say why: make migration m="add the height of a file"' >&2; exit 2; }
	$(BIN)/python -m entrypoints.migration "$(m)"

docs: $(STAMP) ## Write the table of docs/configuration.md anew
	$(BIN)/python -m entrypoints.configuration docs/configuration.md

lock: ## Resolve the dependencies anew into requirements.lock (needs uv)
	uv lock --upgrade
	uv export --all-extras --all-groups --no-emit-project --no-annotate --no-header --quiet -o requirements.lock
	uv pip compile --upgrade --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 tests/tools.in -o tests/tools.lock

clean: ## Remove the environment and the demo data
	rm -rf $(VENV) $(TOOLS) .data

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  \033[1mmake %-10s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# An environment from a lock with hashes: with uv where there is one, with pip elsewhere.
define environment
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; say which: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, but $(PYTHON) is older; say which: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@if command -v uv >/dev/null; then \
		uv venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(1); \
		uv pip sync --quiet --compile-bytecode --python $(1)/bin/python --require-hashes $(2); \
	else \
		$(PYTHON) -m venv --clear $(1); \
		$(1)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'; \
		$(1)/bin/python -m pip install --quiet --require-hashes --requirement $(2); \
	fi
endef

$(STAMP): requirements.lock pyproject.toml
	$(call environment,$(VENV),requirements.lock)
	@if command -v uv >/dev/null; then \
		uv pip install --quiet --python $(BIN)/python --no-deps --editable .; \
	else \
		$(BIN)/python -m pip install --quiet --no-deps --editable .; \
	fi
	@touch $@

$(TOOLS)/.stamp: tests/tools.lock
	$(call environment,$(TOOLS),tests/tools.lock)
	@touch $@
