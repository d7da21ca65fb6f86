# PORT=8001, CLOD_VAR=folder and PYTHON=python3.12 change where `make run` listens, keeps its data and what it runs on.
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help run install test check lint stack acceptance faults restore-drill rotate-drill upgrade-trial backtest follow bench bench-peers bench-guard rates pages lighthouse vitals screenshots chaos canary clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run:  ## install what is missing, start the whole site with its local model (PORT=8000)
	@exec $(PYTHON) bin/bootstrap.py run

install:  ## only install what `make run` needs
	@exec $(PYTHON) bin/bootstrap.py install

test:  ## the whole suite, on SQLite and on real PostgreSQL and Valkey (ARGS="tests/billing -k caps")
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python bin/test.py $(ARGS)

check:  ## style, types, import layers, templates, migrations, locks
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python bin/check.py

lint:  ## repair what can be repaired: imports, formatting
	@$(PYTHON) bin/bootstrap.py install dev
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format . ; .venv/bin/djade $$(find templates -name '*.html')

stack:  ## production's topology as processes: PostgreSQL, Valkey, two web processes behind nginx, worker, beat (PORT=8000 and four more)
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m stack

acceptance:  ## test the stack that runs through its proxy, or one started for it; two minutes (ARGS="-k revoked")
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m stack.acceptance $(ARGS)

faults:  ## break the stack in every way while clients call: what they saw, what the books say; eight minutes (ARGS="--only redis-stopped --write")
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.faults $(ARGS)

restore-drill:  ## back up under load, destroy everything, restore, prove the ledger; two minutes
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m stack.restore

rotate-drill:  ## replace the three secrets process by process while clients call; two minutes
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m stack.rotate

upgrade-trial:  ## an older version and this one on one database during a migration; two minutes (FROM=revision)
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m stack.upgrade $(FROM)

backtest:  ## what routing by electricity would have saved (FILES="prices.csv …", ARGS="--sites dfw,okc"; without files: the demo feed)
	@$(PYTHON) bin/bootstrap.py install
	@exec .venv/bin/python manage.py energy_backtest $(FILES) $(ARGS)

follow:  ## a day of past prices through the whole gateway, in fast motion: where requests went (FILES="prices.csv …", ARGS="--day 2024-08-20")
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.follow_the_grid $(FILES) $(ARGS)

bench:  ## what a call costs: the gateway beside nginx and beside nothing, on both databases; six minutes (RUNS=5 ARGS="--only postgres")
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.load $(ARGS)

bench-peers:  ## the same beside Portkey's and LiteLLM's gateways, which are installed for it; ten minutes
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.load --only postgres --peers $(ARGS)

bench-guard:  ## the same against PostgreSQL alone: has a call become dearer than when it was last accepted? four minutes
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.load --only postgres --guard

rates:  ## authorise + capture per second on SQLite, and on PostgreSQL with DATABASE_URL=postgresql://…; two minutes
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.ledger

pages:  ## how soon the Models pages show something in Chromium, with an empty and a full cache; five minutes (RUNS=7)
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.models_page

lighthouse:  ## Lighthouse's scores of Models, Activity and Studio on a desk and a phone; five minutes (RUNS=3)
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.lighthouse_scores

vitals:  ## Core Web Vitals while the main pages are used in Chromium, on a desk and a phone; five minutes (RUNS=3)
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.web_vitals

screenshots:  ## every page in both themes and both widths, into var/screenshots (ARGS="activity models" for some)
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python bin/screenshots.py $(ARGS)

canary:  ## end calls in every way in a project with sealed logs, then search all that the site left; one minute (ARGS=--plain)
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.canary $(ARGS)

chaos:  ## kill processes and the database under load, then compare all notes with the ledger; six minutes (SECONDS=60 ARGS="--write")
	@$(PYTHON) bin/bootstrap.py install dev
	@exec .venv/bin/python -m benchmarks.chaos $(ARGS)

clean:  ## remove the virtual environment and caches; data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .pytest_cache
