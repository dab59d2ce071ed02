# The few words of the house. `make help` lists them.
# The first Python that is new enough; PYTHON=/path/to/python3 chooses another one.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$each"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_USE_PEP517=1 $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
CHROMIUM := /usr/bin/chromium

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format talks bench eval train migration screenshots ledgers year clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv with everything needed (the other targets call it)
	@:

# Only a finished installation leaves the stamp, so that one which was interrupted is taken up again.
$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. If it is installed elsewhere: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old or does not run: Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PIP) --version >/dev/null 2>&1 || { \
		"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: its venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
		rm -rf $(VENV) && "$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); echo "$(VENV) could not be made; the lines above say why" >&2; exit 1; }; }
	@echo "Installing into $(VENV); the first time this takes a minute or two."
	@$(PIP) install --quiet -e '.[fast,encoder,test,check]' || { echo "The installation did not finish; the lines above say why. It needs a network. Then: make setup" >&2; exit 1; }
	@touch $(STAMP)

demo: setup ## the whole product on this machine: simulator at http://127.0.0.1:8080/sim
	@$(BIN)/python -m bot demo $(ARGS)

test: setup ## all tests that this machine can run; says what it skipped and why
	@$(BIN)/python -m pytest -q $(ARGS)

check: setup ## format, lint, types, import contracts
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports

format: setup ## put the code into the house's format
	@$(BIN)/python -m ruff format .
	@$(BIN)/python -m ruff check --fix .

talks: setup ## only the conversations
	@$(BIN)/python -m pytest -q tests/talks $(ARGS)

bench: $(BENCH_STAMP) ## the benchmarks, side by side, with their baselines (ARGS=--quick: three minutes)
	@$(BIN)/python -m bot bench $(ARGS)

$(BENCH_STAMP): $(STAMP)
	@$(PIP) install --quiet -e '.[fast,encoder,test,check,bench]'
	@touch $(BENCH_STAMP)

eval: setup ## how well messages are understood and matched (DATA=dir; ARGS="--encoder --cross --plot FILE.svg")
	@$(BIN)/python -m benchmarks.quality $(DATA) $(ARGS)

train: setup ## make the reader's weights anew from the lessons in tests/data (two minutes)
	@$(PIP) install --quiet -e '.[fast,encoder,test,check,train]'
	@$(BIN)/python -m bot.language.training --encoder

migration: setup ## a new migration from what the models say (m="what it does")
	@$(BIN)/python -m bot.commands.migration "$$m"

screenshots: setup ## take the README's pictures anew (needs Chromium and a Chinese font)
	@test -x $(CHROMIUM) || { echo "There is no $(CHROMIUM). On Debian: apt-get install chromium fonts-noto-cjk" >&2; exit 1; }
	@$(BIN)/python -m benchmarks.screenshots

ledgers: setup ## picture the sample's ledgers anew for the documents (needs LibreOffice; ARGS="--all DIR": every page)
	@$(BIN)/python -m benchmarks.ledgerpictures $(ARGS)

year: setup ## a year of sixty consortia with everything that goes wrong (docs/notices.md; most of an hour)
	@YEAR_CONSORTIA=$${YEAR_CONSORTIA:-60} YEAR_DAYS=$${YEAR_DAYS:-395} $(BIN)/python -m pytest -q -s tests/year

clean: ## remove .venv and the demo's data
	rm -rf $(VENV) data/demo.db data/demo.db-wal data/demo.db-shm data/demo.key
