# The few words of the house. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format talks bench eval migration screenshots clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv with everything needed (the other targets call it)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing (on Debian: apt-get install python3-venv)"; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fast,test,check]'
	@touch $(STAMP)

demo: setup ## the whole product on this machine: simulator at http://127.0.0.1:8080/sim
	@$(BIN)/python -m bot demo $(ARGS)

test: setup ## all tests that this machine can run
	@$(BIN)/python -m pytest -q $(ARGS)

check: setup ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## put the code into the house's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

talks: setup ## only the conversations
	@$(BIN)/python -m pytest -q tests/talks $(ARGS)

bench: setup ## the benchmarks, side by side, with their baselines
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@$(BIN)/python -m bot bench $(ARGS)

eval: setup ## how well messages are understood and matched (DATA=dir with messages.jsonl, catalogue.csv, matches.jsonl)
	@$(BIN)/python -m benchmarks.quality $(or $(DATA),tests/data)

migration: setup ## a new migration from what the models say (m="what it does")
	@$(BIN)/python -m bot.commands.migration "$(m)"

screenshots: setup ## take the README's pictures anew (needs Chromium)
	@$(BIN)/python -m benchmarks.screenshots

clean: ## remove what setup and demo made
	rm -rf $(VENV) data
