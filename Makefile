# All that there is to do here. Each target makes what it needs in .venv first, once:
# what is installed there follows pyproject.toml, and what is written in C.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
SERVER := $(VENV)/.server-installed
DEV := $(VENV)/.dev-installed
# What the server needs, and the examples.
SERVES := server,shared
CODE := server clients/python tests bench examples docs/settings.py protos/release.py hatch_build.py
# What an install is made from; the rest of the checkout is used as it is.
BUILT_FROM := pyproject.toml hatch_build.py $(wildcard server/statekeeper_server/native/*.[ch])
# The clients in other languages, each with a Makefile of its own.
CLIENTS := $(patsubst %/Makefile,%,$(wildcard clients/*/Makefile))
# Arguments for the program behind a target: make serve ARGS="--listen 127.0.0.1:0"
ARGS ?=
# The tests on as many cores as there are; make test ON_ALL_CORES= runs them one by one.
ON_ALL_CORES := -n auto --dist worksteal

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# For what the tools start themselves: protoc finds its plugins here.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help serve demo test test-clients test-native test-long test-soak check check-generated check-lint \
	check-types check-imports check-native check-protos check-clients fix gen gen-docs release-contract bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(SERVER) ## Serve ./statekeeper-data on 127.0.0.1:7460; Ctrl-C stops it
	@$(PY) -m statekeeper_server serve $(ARGS)

demo: $(SERVER) ## Kill a server in the middle of an order, and go on
	@$(PY) examples/order_processing.py

test: $(DEV) ## Run the tests, but for those that take minutes
	@$(PY) -m pytest -q -m "not long and not soak" $(ON_ALL_CORES) $(ARGS)

test-long: $(DEV) ## Run the tests that take minutes
	@$(PY) -m pytest -q -m long $(ON_ALL_CORES) $(ARGS)

test-native: $(DEV) ## Run the tests of what is written in C with all that it does to memory checked
	@trap '$(PY) hatch_build.py' EXIT; trap : INT; \
		$(PY) hatch_build.py --sanitize && \
		LD_PRELOAD="$$(cc -print-file-name=libasan.so) $$(cc -print-file-name=libubsan.so)" \
		PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0 \
		$(PY) -m pytest -q $(foreach of,plain changes journal overlay,tests/unit/test_$(of)*.py) $(ARGS)

test-clients: $(DEV) ## Run the tests of the clients of all languages, and one suite for all
	@$(PY) -m tests.clients.conformance $(ON_ALL_CORES) $(ARGS)

test-soak: $(DEV) ## Run the tests that take very many minutes
	@$(PY) -m pytest -q -m soak $(ARGS)

check: ## Check all that can be checked without running it
	@$(MAKE) --no-print-directory --keep-going check-generated check-lint check-types check-imports check-native check-protos check-clients
	@echo "all checks passed"

fix: $(DEV) ## Mend what the checks can mend: lint and format
	@$(PY) -m ruff check --quiet --fix-only . && $(PY) -m ruff format --quiet .

gen: $(DEV) gen-docs ## Generate the code of the protos, in all languages, and the table of settings
	@protos/generate.sh
	@$(call in_clients,gen)

release-contract: $(DEV) ## Store the contract of a release, which the next ones keep
	@$(PY) protos/release.py

bench: $(DEV) ## Measure, beside peers and ceilings of the same machine
	@$(PY) bench/run.py $(ARGS)

clean: ## Remove what was made here, but not the data
	@rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .grimp_cache .tools dist server/statekeeper_server/_native.*.so
	@find server clients tests bench examples -name __pycache__ -prune -exec rm -rf {} +

check-generated: $(DEV)
	@protos/generate.sh --check

check-lint: $(DEV)
	@$(PY) -m ruff check --quiet --output-format concise . && $(PY) -m ruff format --quiet --check . || { \
		echo "make fix mends most of these; the others are for you to mend" >&2; exit 1; }

check-types: $(DEV)
	@$(PY) -m mypy --no-error-summary $(CODE) || { \
		echo "mypy: the types above do not fit" >&2; exit 1; }

check-imports: $(DEV)
	@report=$$(lint-imports --no-logo 2>&1) || { echo "$$report"; \
		echo "an import goes the wrong way, or a module has no layer: see [tool.importlinter] in pyproject.toml" >&2; \
		exit 1; }

check-native: $(DEV)
	@$(PY) hatch_build.py --check

check-protos: $(DEV)
	@protos/check.sh || { \
		echo "buf: mend the .proto files, then make gen" >&2; exit 1; }

check-clients: $(DEV)
	@$(call in_clients,check-generated check)

gen-docs: $(SERVER)
	@$(PY) docs/settings.py

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "statekeeper needs Python 3.11 or newer, and $(PYTHON) is" \
			"$$($(PYTHON) --version 2>/dev/null || echo not found): name another one," \
			"as in make PYTHON=python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) lacks the module venv: on Debian and Ubuntu, apt-get install python3-venv" >&2; \
		exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

$(SERVER): $(BUILT_FROM) $(PY)
	@$(call install,$(SERVES))
	@touch $@

# The tools for development are more than the server needs, and contain it.
$(DEV): $(BUILT_FROM) $(PY)
	@$(call install,dev)
	@touch $@ $(SERVER)

define install
	echo "installing statekeeper[$(1)] into $(VENV), once" >&2; \
	$(PY) -m pip install --quiet --editable '.[$(1)]' || { \
		echo "statekeeper[$(1)] cannot be installed: pip says why above (no network, or no compiler?)" >&2; \
		exit 1; }
endef

# Makes targets in each client whose toolchain is here, and names the others. Not all have
# all: where a build generates the code, there is none to be checked.
define in_clients
	failed=; for client in $(CLIENTS); do \
		if ! missing=$$($(MAKE) -s -C $$client toolchain 2>&1); then \
			echo "skipped: $$client: $$(echo "$$missing" | head -n 1)" >&2; \
			continue; \
		fi; \
		for target in $(1); do \
			! grep -q "^$$target:" $$client/Makefile || \
				$(MAKE) --no-print-directory -C $$client $$target PY=$(abspath $(PY)) || failed=1; \
		done; \
	done; [ -z "$$failed" ]
endef
