# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON ?= python3
NOX := .venv/bin/python -m nox
# Set FILE to a test file, or to anything else that pytest understands.
FILE ?= tests/unit
# Set WHAT to "chaos limits" to measure delivery under trouble instead, or to "instructions".
WHAT ?=
# Set ONLY to a list in tests/requirements to update just that one: make pins ONLY=lint.
ONLY ?=
# The day of the release that the changelog is written for.
DATE ?= $(shell date +%F)

.DEFAULT_GOAL := help
.PHONY: help demo demo-stay test check unit watch format docs release-check bench changelog pins pre-commit clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

# The only thing made without nox: nox itself, and uv, which makes all other environments.
.venv/ready: tests/requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or later is needed; say which: make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install -qq --disable-pip-version-check --requirement tests/requirements/bootstrap.txt
	@touch $@

demo: .venv/ready ## a workflow that waits and a playbook that completes it, from nothing, in a minute
	@$(NOX) --session demo

demo-stay: .venv/ready ## the same, and the simulator stays up with its page
	@$(NOX) --session demo -- --stay

test: .venv/ready ## everything, in about 50 minutes on two cores
	@.venv/bin/python tests/tools/run_sessions.py test

check: .venv/ready ## what to run before every commit, in a minute
	@.venv/bin/python tests/tools/run_sessions.py check

unit: .venv/ready ## one test file on the newest ansible-core: make unit FILE=tests/unit/…
	@$(NOX) --session file -- $(FILE)

watch: .venv/ready ## the same, again whenever a file changes
	@.venv/bin/python tests/tools/watch.py $(MAKE) --no-print-directory unit FILE="$(FILE)"

format: .venv/ready ## bring Python code into form
	@$(NOX) --session format

docs: .venv/ready ## the guide as a site, in .cache/docs
	@$(NOX) --session docs

release-check: .venv/ready ## is what would be released what we mean to release?
	@$(NOX) --session release_check

bench: .venv/ready ## measure what a callback costs, and write docs/benchmarks.md, in nine minutes
	@$(NOX) --session bench -- $(WHAT)

changelog: .venv/ready ## write CHANGELOG.md from changelogs/fragments
	@$(NOX) --session changelog -- --date $(DATE)

pins: .venv/ready ## update every pinned tool in tests/requirements
	@.venv/bin/python tests/tools/pins.py $(ONLY)

pre-commit: .venv/ready ## let git run the checks before each commit
	@$(NOX) --session pre_commit

clean: ## remove every environment and cache
	rm -rf .ansible .cache .collections .nox .venv tests/output
