# Two commands are enough: `make run` serves Relief with a demonstration, `make test` runs every test.

PYTHON ?= python3
BIN := .venv/bin
export PYTHON
ifdef CHROMIUM
export CHROMIUM
endif

define SETUP
$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 7))" 2> /dev/null || { \
    echo "Relief needs Python 3.11 to 3.14. On Debian and Ubuntu: apt-get install python3 python3-venv" >&2; exit 1; }; \
$(PYTHON) tools/setup.py
endef

.PHONY: help setup run test lint bench wheel locks messages clean

help: ## Say what each command does
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

setup: ## Make .venv, install the locked packages, build the assets
	@$(SETUP)

run: setup ## Serve Relief on http://127.0.0.1:8000, with a demonstration the first time
	@exec $(BIN)/relief run

test: ## Run all tests, on SQLite, PostgreSQL and in Chromium (ARGS="tests/web -k map" for a part)
	@$(SETUP) --for-tests
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

lint: ## Check style and types
	@$(SETUP) --for-lint
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

bench: ## Measure speed and memory against their limits
	@$(SETUP) --for-tests
	@$(BIN)/python -m benchmarks $(ARGS)

wheel: setup ## Build the wheel into dist/
	@$(SETUP) --for-tests
	@$(BIN)/python -m build --wheel --no-isolation

messages: setup ## Gather the texts to translate and merge them into the catalogues
	@$(BIN)/pybabel extract --no-location --sort-output -k N_ -F babel.cfg -o relief/translations/messages.pot .
	@$(BIN)/pybabel update --no-fuzzy-matching -i relief/translations/messages.pot -d relief/translations

locks: ## Pin the newest fitting packages (needs uv)
	@UPGRADE=1 tools/lock_requirements.sh

clean: ## Remove everything that setup made; the instance folder stays
	@rm -rf .venv .cache node_modules static/dist build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
