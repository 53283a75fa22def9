# Everything here works from a bare machine with Python 3.10+, make and a package index; `make demo` first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Nothing leaves this machine: without this, the credentials library would ask the network for a role.
export ALIBABA_CLOUD_ECS_METADATA_DISABLED := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-slow crash check format bench fuzz lowest clean

help:
	@echo "make demo    the whole story on this machine, narrated"
	@echo "make test    the tests"
	@echo "make test-slow  the tests that take seconds or much memory by themselves"
	@echo "make crash   the tests that kill processes at random, and count what is lost (nothing)"
	@echo "make check   lint, types, import rules"
	@echo "make format  put the code into the project's form"
	@echo "make bench   speed and size, beside the peers, in tables (some minutes)"
	@echo "make fuzz    five minutes of broken records (FUZZ_SECONDS)"
	@echo "make lowest  the tests with the oldest dependencies that are promised"
	@echo "make clean   remove what these made"

demo: $(READY)
	@cd examples/dlq && ../../$(BIN)/python demo.py
	@echo "Next: . $(BIN)/activate, and type the commands yourself; examples/dlq/README.md says how."

# As many processes as cores, four at least: each waits for handlers and processes a good part of its time.
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2); [ $$n -gt 4 ] && echo $$n || echo 4)
PYTEST = $(BIN)/python -m pytest -q

# A process that has done its share takes over from another's (worksteal): the last of them is not waited for.
test: $(READY)
	@began=$$(date +%s); failed=0; \
		$(PYTEST) -n $(TEST_PROCESSES) --dist worksteal -m "not slow" || failed=$$?; \
		echo "make test: $$(( $$(date +%s) - began )) seconds, $(TEST_PROCESSES) processes"; exit $$failed

# One after the other: each of these takes seconds, or hundreds of megabytes, by itself. Then all that Hypothesis tries.
test-slow: $(READY)
	$(PYTEST) -m "slow and not crash"
	HYPOTHESIS_PROFILE=ci $(PYTEST) -n $(TEST_PROCESSES) --dist worksteal -m "hypothesis and not slow"

# One after the other: each needs the machine to itself.
crash: $(READY)
	FC_ASYNC_CRASHES=50 $(PYTEST) -m crash

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Each prints its table; the exit code tells whether every bar was met.
bench: .venv-bench/.ready
	@missed=0; for name in records local rehearsal invoke_many consumer redrive fleet fleet_check help; do \
		echo; .venv-bench/bin/python -m tests.bench.$$name || missed=1; done; exit $$missed

fuzz: $(VENV)/.fuzz
	$(BIN)/python -m tests.fuzz.records

lowest: .venv-lowest/.ready
	.venv-lowest/bin/python -m pytest -q -n $(TEST_PROCESSES)

clean:
	rm -rf .venv .venv-bench .venv-lowest build dist

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "fc_async needs Python 3.10 or later; say which: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) .ci/install.py $(VENV) --group dev
	@touch $@

# atheris has no wheel for every Python; without it all of the time goes to mutations.
$(VENV)/.fuzz: $(READY)
	@$(BIN)/python -m pip install --quiet --only-binary :all: --group fuzz || echo "going on without atheris"
	@touch $@

.venv-bench/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --upgrade pip
	.venv-bench/bin/python -m pip install --quiet --editable . --group bench
	@touch $@

.venv-lowest/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest --resolution lowest-direct --editable . --group test
	@touch $@
