# Understudy's commands; `make help` lists them. They need make, bash and Python 3.11 or newer.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
TORCH := torch==2.13.0
EXAMPLES := front-door kitchen-climate
DECLARED := street-camera weather-station filling-machine
SECONDS :=
ARCH := arm64
DEBIAN := bookworm trixie

# What tests use of Debian, by its commands and by its packages.
TOOLS := mosquitto mosquitto_sub faketime debootstrap systemd-nspawn systemd-analyze shellcheck lintian
PACKAGES := mosquitto mosquitto-clients faketime debootstrap systemd systemd-container shellcheck lintian

PIP := -m pip --disable-pip-version-check install --quiet -c constraints.txt
FULL := .venv/bin
DEMO := .venv-demo/bin

# Debian puts mosquitto where only root's PATH looks.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

.PHONY: help demo test test-ansible deb test-arm64 format examples bench constraints clean check-python tools

help:  ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Job control gives the demo a terminal's Ctrl-C for itself, so that it ends with its summary and make without an error.
demo: .venv-demo/.stamp  ## Play the example sensors until Ctrl-C, or for SECONDS=15
	@[ ! -t 0 ] || set -m; \
	$(DEMO)/understudy-agent demo $(EXAMPLES:%=examples/%.npz) --sprites examples/sprites --background examples/porch.jpg $(if $(SECONDS),--seconds $(SECONDS)); exit

test: .venv/.stamp tools  ## Format, lint, types, import rules and all tests
	$(FULL)/ruff format --check .
	$(FULL)/ruff check .
	$(FULL)/mypy
	$(FULL)/lint-imports
	OMP_NUM_THREADS=1 $(FULL)/pytest -n auto --maxprocesses 4 --dist loadfile

deb: .venv-demo/.stamp  ## Build Debian packages into dist; for one: ARCH=amd64 DEBIAN=trixie
	@for release in $(DEBIAN); do PYTHON=$(DEMO)/python deploy/deb/build.sh $(ARCH) $$release dist || exit; done

test-arm64: .venv/.stamp tools  ## Install the agent and its package in an emulated Debian for 64-bit Arm (some minutes, as root)
	UNDERSTUDY_ARM64=1 $(FULL)/pytest tests/deploy/test_arm64.py

test-ansible: .venv/.stamp tools  ## Play the fleet's playbook twice against two clean Debians (as root)
	@[ -x .venv-ansible/bin/ansible-playbook ] || { $(PYTHON) -m venv .venv-ansible && .venv-ansible/bin/pip install --quiet ansible; }
	UNDERSTUDY_ANSIBLE=$(CURDIR)/.venv-ansible/bin $(FULL)/pytest tests/deploy/test_ansible.py

format: .venv/.stamp  ## Format the code and fix what ruff can fix
	$(FULL)/ruff format .
	$(FULL)/ruff check --fix .

examples: .venv/.stamp  ## Make the example recordings and pictures, fit and declare the bundles
	$(FULL)/python examples/make_recordings.py
	$(FULL)/understudy-trainer fit examples/recordings/front-door.jsonl --sensor front-door --out examples/front-door.npz --seed 1
	$(FULL)/understudy-trainer fit examples/recordings/kitchen-climate.csv --sensor kitchen-climate --out examples/kitchen-climate.npz --seed 1
	$(FULL)/understudy-trainer declare --example > examples/weather-station.toml
	for name in $(DECLARED); do $(FULL)/understudy-trainer declare examples/$$name.toml --out examples/$$name.npz || exit; done
	$(FULL)/python examples/draw_declared.py
	$(FULL)/python examples/draw_sprites.py

bench: .venv/.stamp  ## Measure speed and memory against SDV
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(FULL)/python -m benchmarks

constraints:  ## Write constraints.txt anew from the newest releases
	@$(MAKE) check-python
	$(PYTHON) -m venv --clear .venv-pins
	.venv-pins/bin/pip install --quiet $(TORCH) -e '.[trainer,demo,dev]'
	grep '^#' constraints.txt > .venv-pins/constraints.txt
	.venv-pins/bin/pip freeze --all --exclude-editable | sed 's/+.*//' \
	    | grep -v -E '^(pip|triton|cuda-.*|nvidia-.*)==' | LC_ALL=C sort -f >> .venv-pins/constraints.txt
	mv .venv-pins/constraints.txt constraints.txt
	rm -r .venv-pins

clean:  ## Remove the environments, caches and example recordings
	rm -rf .venv .venv-demo .venv-pins .venv-ansible *.egg-info build dist examples/recordings benchmarks/results
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -prune -exec rm -r {} +

.venv-demo/.stamp: pyproject.toml constraints.txt | check-python
	@echo "Setting up .venv-demo, the agent's environment (some seconds)"
	@$(PYTHON) -m venv .venv-demo
	@$(DEMO)/python $(PIP) --no-compile -e '.[demo]'
	@touch $@

.venv/.stamp: pyproject.toml constraints.txt | check-python
	@echo "Setting up .venv, the full environment with SDV and torch (some minutes)"
	@$(PYTHON) -m venv .venv
	@$(FULL)/python $(PIP) $(TORCH)
	@$(FULL)/python $(PIP) -e '.[trainer,demo,dev]'
	@touch $@

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Understudy needs Python 3.11 or newer, and '$(PYTHON)' is not: name another one, as in: make PYTHON=python3.12 demo" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "'$(PYTHON)' cannot make virtual environments; on Debian install them with: apt install python3-venv" >&2; exit 1; }

tools:
	@missing="$$(for tool in $(TOOLS); do command -v $$tool > /dev/null || echo $$tool; done)"; \
	if [ -z "$$missing" ]; then exit; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    echo "Installing $(PACKAGES)"; \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get update -qq && apt-get install -qq --no-install-recommends $(PACKAGES) > /dev/null; \
	else \
	    echo "Tests against a real broker, a clock that is set or a booted system are skipped where" $$missing \
	         "are missing. Install them with: sudo apt install $(PACKAGES)" >&2; \
	fi
