# `make help` explains each target. The environment is made once, from the lock file, hashes checked.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: help install demo test test-all lint bench lock clean
.DEFAULT_GOAL := help

help: ## Explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Create .venv with exactly the locked packages and this checkout

$(INSTALLED): requirements.lock setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## Run the whole story on drawn faces: convert, train, evaluate, score
	$(BIN)/semblante demo --output demo

test: install ## Run the tests (under 5 minutes on two cores)
	$(BIN)/python -m pytest

test-all: install ## Run the slow tests and those that start engines, too
	$(BIN)/python -m pytest -m "slow or engine or not slow"

lint: install ## Check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install ## Measure speed and memory beside plain baselines; prints ratios
	$(BIN)/python -m benchmarks

lock: ## Pin every package anew, with hashes, into requirements.lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile setup.py --extra dev --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --constraint lock-constraints.txt \
	  --output-file requirements.lock
	rm -rf $(VENV)-lock

clean: ## Remove the environment and everything the demo made
	rm -rf $(VENV) demo build *.egg-info
