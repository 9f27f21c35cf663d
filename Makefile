# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON ?= python3
NOX := .venv/bin/python -m nox
# Set FILE to a test file, or to anything else that pytest understands.
FILE ?= tests/unit
# Set WHAT to "chaos limits reconcile" to measure delivery under faults instead, or to "instructions" or "runs".
WHAT ?=
# The day of the release that the changelog is written for.
DATE ?= $(shell date +%F)

.DEFAULT_GOAL := help
.PHONY: help demo demo-stay test test-all check unit watch format docs release-check bench changelog pins clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

# The only thing made without nox: nox itself, and uv, which makes all other environments.
.venv/ready: tests/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or later is needed; say which: make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install -qq --disable-pip-version-check --constraint $< nox uv
	@touch $@

demo: .venv/ready ## a workflow that waits and a playbook that completes it, from nothing, in a minute
	@$(NOX) --session demo

demo-stay: .venv/ready ## the same, and the simulator stays up with its page
	@$(NOX) --session demo -- --stay

test: .venv/ready ## everything on the newest ansible-core, in less than ten minutes on two idle cores
	@.venv/bin/python tests/tools/run_sessions.py test

test-all: .venv/ready ## what only the full matrix shows: run it after make test
	@.venv/bin/python tests/tools/run_sessions.py test-all

check: .venv/ready ## what to run before every commit, in less than a minute
	@.venv/bin/python tests/tools/run_sessions.py check

unit: .venv/ready ## one test file on the newest ansible-core: make unit FILE=tests/unit/…
	@$(NOX) --session fast -- $(FILE)

watch: .venv/ready ## the same, once more whenever a file changes
	@$(NOX) --session watch -- $(FILE)

format: .venv/ready ## format Python code
	@$(NOX) --session format

docs: .venv/ready ## the guide as a site, in .cache/docs
	@$(NOX) --session docs

release-check: .venv/ready ## is what would be released what we mean to release?
	@$(NOX) --session release_check

bench: .venv/ready ## measure what a callback costs, and write docs/benchmarks.md, in nine minutes
	@$(NOX) --session bench -- $(WHAT)

changelog: .venv/ready ## write CHANGELOG.md from changelogs/fragments
	@$(NOX) --session changelog -- --date $(DATE)

pins: .venv/ready ## update every version in tests/constraints.txt
	@.venv/bin/python tests/tools/pins.py

clean: ## remove every environment and cache
	rm -rf .ansible .cache .collections .nox .venv tests/output
