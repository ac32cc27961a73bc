# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long lint serve bench clean system

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z%-]+:.*## /{ printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## the environment .venv with everything in it

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Twinshot needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	@echo "making $(VENV): some minutes of downloads, 1.8 GB, once"
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable '.[cpu,train,otel,dev]'
	touch $(STAMP)

demo: setup ## draw a sample shop, train, index, serve and query it; stays up until Ctrl-C
	$(BIN)/twinshot demo $(ARGS)

system: ## what the tests need of the system: redis-server, nginx, Chromium, Prometheus' promtool, a C++ compiler
	PYTHON=$(PYTHON) sh docker/system-packages.sh

# In two halves, as most tests use one core. A shell lets nobody press Ctrl-C in what it runs beside: tests that do are
# in the other half.
BESIDE = tests/browser tests/engine tests/model_export

test: setup system $(if $(ARGS),,lint) ## every test that is not long, with coverage; with ARGS pytest alone, with them
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -m "not long and not containers" $(BESIDE) > .beside.log 2>&1 & beside=$$!; \
	$(BIN)/python -m coverage run -m pytest -m "not long and not containers" $(addprefix --ignore=,$(BESIDE)); \
	one=$$?; wait $$beside; other=$$?; cat .beside.log; exit $$((one > other ? one : other))
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --fail-under=90
endif

test-long: setup system ## the tests that take minutes
	$(BIN)/python -m pytest -m long $(ARGS)

test-containers: setup ## builds the images and starts what the compose files have; needs root and Docker with Compose
	$(BIN)/python -m pytest -m containers $(ARGS)

lint: setup ## ruff, mypy --strict, the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p engine -p model_export -p index_builder -p app -p twinshot -p benchmarks
	$(BIN)/lint-imports --no-logo

serve: setup ## serve the bundle folder BUNDLES (default: the demo's)
	$(BIN)/twinshot serve $(or $(BUNDLES),demo/bundles)

BENCHES = index-speed training-speed recognition-grocery recognition-scores demo recognition-categories \
	recognition-titles recognition-bits recognition-small recognition-few encoder-speed recognition-backbones int8 eproduct page

# not among them: recognition and recognition-screen, which take hours, and recognition-held-out, which asks `test`
bench: $(addprefix bench-,$(BENCHES)) ## every benchmark; QUICK=1 for the short form

bench-%: setup ## one benchmark: benchmarks/%.py
	$(BIN)/python -m benchmarks.$(subst -,_,$*)
	$(BIN)/python -m benchmarks.table

bench-serving: setup system ## serving against the bare path and other servers, which it installs
	$(INSTALL) --editable '.[cpu,train,otel,dev,rivals]'
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.table

bench-live: setup system ## a catalogue that changes while it is served; some 20 minutes
	PYTHON=$(PYTHON) sh docker/system-packages.sh strace
	$(BIN)/python -m benchmarks.live
	$(BIN)/python -m benchmarks.table

clean: ## the environment and everything that was made here
	rm -rf $(VENV) demo var build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* .beside.log
