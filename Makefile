# Everything a newcomer needs: make run, make test. Both set up what they need and take seconds when run again.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= demo-data
# Rooms without servers, browsers and other processes: linted, typed and tested in less than two minutes.
QUICK := $(addprefix tests/,schema plans journal control dialects check test_hosts.py test_peer.py test_isolation.py)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test quick check bench bench-full torture docs screenshot lock clean

run: .stamps/server
	$(BIN)/footfall demo --data $(DATA)

test: .stamps/test .stamps/chromium .stamps/npm .stamps/proxies check
	$(BIN)/python -m pytest -n logical --dist loadfile

quick: check
	$(BIN)/python -m pytest -q -n logical --dist loadfile $(QUICK)

check: .stamps/test
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --no-error-summary
	$(BIN)/mypy --no-error-summary --config-file examples/portal/mypy.ini
	$(BIN)/lint-imports --no-cache --config pyproject.toml

bench: .stamps/test .stamps/wrk
	$(BIN)/python -m bench

bench-full: .stamps/test .stamps/wrk
	$(BIN)/python -m bench --full

torture: .stamps/test .stamps/chromium
	$(BIN)/python -m tests.torture

docs: .stamps/test
	$(BIN)/python -m footfall.reference docs

screenshot: .stamps/test .stamps/chromium
	$(BIN)/python docs/screenshot.py

lock: .stamps/test
	$(PIP) install "uv>=0.9"
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		--extra portal --group build pyproject.toml -o requirements/server.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		--extra portal --group test pyproject.toml -o requirements/test.txt

clean:
	rm -rf $(VENV) .stamps demo-data dist node_modules tests/*/node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "footfall needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)

.stamps/server: requirements/server.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/server.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@mkdir -p .stamps && touch $@

.stamps/test: requirements/test.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/test.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@mkdir -p .stamps && touch $@ .stamps/server

.stamps/chromium:
	command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null)
	@mkdir -p .stamps && touch $@

NPM_FOLDERS = tests/sdk tests/codegen tests/browser

.stamps/npm: $(NPM_FOLDERS:%=%/package-lock.json)
	for folder in $(NPM_FOLDERS); do \
		(cd $$folder && npm ci --silent --no-audit --no-fund --ignore-scripts) || exit 1; \
	done
	@mkdir -p .stamps && touch $@

.stamps/proxies:
	missing=$$(for name in nginx haproxy caddy curl; do PATH="$$PATH:/usr/sbin" command -v $$name >/dev/null || echo $$name; done); \
	test -z "$$missing" || (apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $$missing >/dev/null)
	@mkdir -p .stamps && touch $@

.stamps/wrk:
	command -v wrk >/dev/null || (apt-get update -qq && apt-get install -y -qq wrk >/dev/null)
	@mkdir -p .stamps && touch $@
