# Everything a person types. `make run` and `make test` need Python 3.11 to 3.14, make and a package registry.
ACCOUNT_ID ?= 123456789012
PYTHON ?= python3
BIN := .venv/bin
CHECK := import sys; here = sys.version_info[:2]; sys.exit(not (3, 11) <= here <= (3, 14) and "make needs Python 3.11 to 3.14, and $(PYTHON) is %d.%d; name one: make PYTHON=python3.12 …" % here)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

.PHONY: help run test test-browser browser screenshots lab refresh docs lock bench clean
help:
	@echo "make run [ACCOUNT_ID=…]   the whole runbook on the embedded AWS; prints where the report is"
	@echo "make lab [LANGUAGE=ko]    JupyterLab on your own copy of the notebooks"
	@echo "make test                 every test that needs no browser"
	@echo "make test-browser         the tests that look at Lab, report and site; installs chromium"
	@echo "make docs                 the site, into docs/_build/html"
	@echo "make screenshots          the README's pictures, from a real run"
	@echo "make refresh              run the notebooks, write their outputs and the Korean edition into the repository"
	@echo "make bench                side-by-side timings; installs chromium for one of them"
	@echo "make lock                 resolve requirements.lock again"

# pip compiles bytecode as it installs; without that every import is slow for good.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c '$(CHECK)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(BIN)/python -m compileall -q runbook_lib
	@touch $@

run: .venv/ready
	@$(BIN)/runbook run $(ACCOUNT_ID)

test: .venv/ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 3 -m "not browser"  # many of them wait for a server most of the time

test-browser: browser docs
	$(BIN)/pytest -n 2 --dist loadfile -m browser tests/browser tests/test_report.py

screenshots: browser
	@$(BIN)/python docs/screenshots.py

# The browser is the system's: playwright's own download is not used.
browser: .venv/ready
	@command -v chromium >/dev/null && fc-list | grep -qi "noto.*cjk" && command -v pdftotext >/dev/null || { \
		echo "installing chromium, fonts-noto-cjk and poppler-utils with apt-get"; \
		$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium fonts-noto-cjk poppler-utils >/dev/null; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tests/browser/requirements.lock

# An environment of its own: the aws CLI wants an older docutils than Sphinx does.
.venv-docs/ready: docs/requirements.lock
	@$(PYTHON) -c '$(CHECK)'
	$(PYTHON) -m venv --clear .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r docs/requirements.lock
	@touch $@

docs: .venv-docs/ready
	@rm -rf docs/_build
	.venv-docs/bin/sphinx-build -q -W -n --keep-going -c docs -b html -d docs/_build/doctrees . docs/_build/html
	@echo "site: docs/_build/html/index.html"

lab: .venv/ready
	@$(BIN)/runbook lab $(if $(filter command,$(firstword $(origin LANGUAGE))),--language $(LANGUAGE))

refresh: .venv/ready
	@$(BIN)/runbook refresh && $(BIN)/python -m docs.translation && $(BIN)/python -m tests.checked

bench: browser
	@for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

lock: .venv/ready
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --group dev pyproject.toml --output-file requirements.lock
	$(COMPILE) docs/requirements.in --output-file docs/requirements.lock
	$(COMPILE) --constraint requirements.lock tests/browser/requirements.in --output-file tests/browser/requirements.lock

clean:
	rm -rf .venv .venv-docs runs docs/_build browser-screenshots
