# Two commands set everything up on a machine with Python 3.11+ and make: `make demo` and `make test`.

PYTHON ?= python3
HTTP ?= 127.0.0.1:8080
MQTT ?= 127.0.0.1:1883
DATA ?=
HOURS ?= 1

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TESTED := $(VENV)/.installed-to-test
SOURCES := $(shell find dashboard/web -path '*/node_modules' -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo "make demo        everything in one process, with a living demo municipality"
	@echo "make test        the whole suite, linters and type checks included"
	@echo "make simulate    worlds full of faults for HOURS=1, each with a new seed"
	@echo "make mutate      small breakages of the machines and the runner, each of which must be noticed (half an hour)"
	@echo "make evaluate    detection judged on generated walks, and on recorded ones with DATA=DIR"
	@echo "make bench       throughput, latency and replay against named limits (minutes)"
	@echo "make lock        lock the newest versions that fit"

$(STAMP): pyproject.toml requirements.lock hatch_build.py $(SOURCES)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit("alarmcore needs Python 3.11 or newer; say make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# What runs is what a municipality installs; what tests it is far more.
$(TESTED): $(STAMP) requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-test.lock
	@touch $@

.PHONY: demo
demo: $(STAMP)
	@$(BIN)/alarmcore demo --http $(HTTP) --mqtt $(MQTT) $(if $(DATA),--data $(DATA))

.PHONY: test
test: $(TESTED)
	@sh tests/install-servers.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tests/dashboard/conftest.py
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory -j2 test-one-half test-other-half

# Two halves side by side, each of about half the time: what needs a core for minutes or waits for processes of its own, and the rest.
HALF := tests/simulation tests/mutation tests/geofence tests/loadtests tests/many tests/deploy tests/dispatch tests/alarmcore

.PHONY: test-one-half
test-one-half: $(TESTED)
	$(BIN)/pytest $(HALF)

.PHONY: test-other-half
test-other-half: $(TESTED)
	$(BIN)/pytest $(addprefix --ignore ,$(HALF))

.PHONY: bench
bench: $(STAMP)
	$(BIN)/python -m loadtests.bench throughput
	$(BIN)/python -m loadtests.bench latency
	$(BIN)/python -m loadtests.bench replay

.PHONY: simulate
simulate: $(TESTED)
	@$(BIN)/alarmcore simulate --hours $(HOURS) --from $$(date +%s)

.PHONY: evaluate
evaluate: $(TESTED)
	@$(BIN)/python -m loadtests.evaluate gps $(if $(DATA),--data $(DATA) --if-any) --out build/evaluate/positions
	@$(BIN)/python -m loadtests.evaluate homes $(if $(DATA),--data $(DATA) --if-any) --out build/evaluate/homes

.PHONY: mutate
mutate: $(TESTED)
	@$(BIN)/python -m tests.mutation

.PHONY: lock
lock: $(STAMP)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --extra fleet --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --all-extras --constraint requirements.lock --no-header pyproject.toml -o requirements-test.lock
