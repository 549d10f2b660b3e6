# The two commands: `make import` and `make test`. Each sets up all that it needs.

PYTHON ?= python3
SCALE ?= small
MINUTES ?= 60
BIN := .venv/bin
READY := .venv/.ready
RUN := $(BIN)/python -m

# Imports and tests start hundreds of processes: without compiled files each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help import test setup browser lab lint format lock docs docs-faults docs-memory test-root test-linux test-real soak-full soak-forms soak-update soak-long soak-fuzz soak-flat soak-limits soak-automatic soak-recycled soak-pages soak-kills clean

help:  ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

import: setup browser  ## the main job: the demo league into DuckDB and an embedded PostgreSQL
	@$(RUN) gomafia_kit.cli run import -p source demo -p scale $(SCALE)

# Tests wait for other processes a third of their time: three at once keep two cores busy.
test: setup browser  ## every test that needs neither root, hours nor real players (under 15 minutes)
	@$(RUN) pytest -n 3 --dist worksteal --ignore=tests/real --ignore=tests/root

setup: $(READY)  ## a virtual environment with everything in it

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gomafia-kit needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another by: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv || { echo "No virtual environment could be made. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing the packages of requirements.lock ..."
	@$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

browser: setup  ## find a Chromium, or install one
	@$(RUN) gomafia_kit.fetch.browser --install

lab: setup  ## JupyterLab on the notebooks
	@$(RUN) jupyterlab --notebook-dir=notebooks

lint: setup  ## style and types
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

format: setup  ## put the code into shape
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

docs: setup  ## write the pages of docs/ that are made from the code
	@$(RUN) gomafia_kit.cli.docs
	@$(RUN) gomafia_kit.explore.docs

docs-faults: setup browser  ## write docs/faults.md from what the tests of faults see
	@$(RUN) pytest tests/faults --write-fault-table

docs-memory: setup browser  ## write docs/memory.md, every command and call in it run again
	@$(RUN) gomafia_kit.cli.guide

lock: setup  ## resolve the packages anew, for every platform
	@$(RUN) pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --all-extras --group dev --python-version 3.11 \
		--custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

test-root: setup browser  ## tests that need root: memory limits, full disks, clocks, drives (minutes)
	@$(RUN) pytest tests/root --ignore=$(IN_LINUX)

IN_LINUX := tests/root/test_hard_limit_elsewhere.py
test-linux: setup  ## memory limits where groups are of version 2, and by systemd: in a user-mode Linux, as root (minutes)
	@$(RUN) pytest $(IN_LINUX)

test-real: setup  ## real players through everything: make test-real PLAYERS=players.csv (minutes)
	@test -f "$(PLAYERS)" || { echo "PLAYERS names no file: make test-real PLAYERS=players.csv"; exit 2; }
	@GOMAFIA_PLAYERS_FILE="$(PLAYERS)" $(RUN) pytest tests/real

soak-full: setup  ## the league at the real size, by API and page data, into all stores, compared with the truth (minutes)
	@$(RUN) benchmarks.full --form api
	@$(RUN) benchmarks.full --form page_data

soak-forms: setup browser  ## each column in each form, at several positions of the site's switches (an hour or so)
	@for form in api page_data dom; do $(RUN) benchmarks.exactness --scale $(SCALE) --form $$form || exit 1; done
	@$(RUN) benchmarks.exactness --scale tiny --form "dom rendered"
	@$(RUN) benchmarks.exactness --scale $(SCALE) --form "dom rendered" --default-plan

soak-update: setup  ## the asks of a whole import and of an update, at the real site's size (minutes)
	@$(RUN) benchmarks.asks

soak-long: setup  ## 600 batches from a site of which 5% of the answers are faults (minutes): make soak-long MINUTES=60
	@$(RUN) benchmarks.long --minutes $(MINUTES)

soak-fuzz: setup  ## damaged answers for an hour: make soak-fuzz MINUTES=60
	@$(RUN) benchmarks.fuzz --minutes $(MINUTES)

soak-flat: setup  ## peak memory at 100 to 100,000 players and 600 to 600,000 seats (half an hour)
	@$(RUN) benchmarks.flat

soak-limits: setup browser  ## the real size in 256 MB, with browsers in 512 MB and 1 GB, by papermill; as root (half an hour)
	@$(RUN) benchmarks.limits

soak-automatic: setup  ## automatic batch sizes against the best of a sweep, under five budgets (an hour or so)
	@$(RUN) benchmarks.automatic

soak-recycled: setup browser  ## before and after: a browser recycled or not, judged as it must be (three minutes)
	@$(RUN) benchmarks.recycled

soak-pages: setup browser  ## the browser's memory over 500 pages, rendered and fetched (five minutes)
	@$(RUN) benchmarks.pages

soak-kills: MINUTES = 600
soak-kills: setup browser  ## imports killed 200 times, each compared after it went on: MINUTES=20 for a part of it (an hour)
	@$(RUN) benchmarks.kills --minutes $(MINUTES)

clean:  ## remove what was installed and built, not the data
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
