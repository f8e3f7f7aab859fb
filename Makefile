# Every command of the project; the work is in tools/. `make run` needs Python >= 3.11 and nothing else.
PYTHON ?= python3
PORT ?= 8000
export PORT
# Tests start hundreds of processes, which need not compile everything again.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.requirements.lock.installed
DEV := $(VENV)/.requirements-dev.lock.installed

.PHONY: help run stack dist test test-browser test-pages test-live test-floods test-limits test-faults test-mqtt test-rest test-inbox-on-postgres test-inbox test-inbox-first test-inbox-second test-queue test-newest test-newest-first test-newest-second newest soak bench looks lint format messages lock system
help:
	@echo "make run | stack | dist | test | soak | bench | looks | lint | format | messages | lock    (PORT=$(PORT))"

$(INSTALLED): requirements.lock
	@$(PYTHON) tools/bootstrap.py requirements.lock

$(DEV): requirements-dev.lock
	@$(PYTHON) tools/bootstrap.py requirements-dev.lock

run: $(INSTALLED)
	@$(PY) -m tools.run

# Without npm, the scripts as they are.
stack: $(DEV)
	@$(PYTHON) tools/system.py postgresql rabbitmq-server
	-@$(PY) -m tools.dist
	@$(PY) -m tools.stack

dist: $(INSTALLED)
	@$(PY) -m tools.dist

# The programs of npm go into the virtual environment, so it comes first.
system: $(DEV)
	@$(PYTHON) tools/system.py chromium chromium-headless-shell postgresql nginx caddy haproxy gettext mosquitto mosquitto-clients rabbitmq-server
	@$(PYTHON) tools/node.py

# tests/inbox on PostgreSQL; `.ci/run` does so on the newest Django.
ON_POSTGRES ?= test-inbox-on-postgres

# Eleven runs (in `.ci/run` twelve), six at a time, the longest first: each waits a good part of its time. What one
# printed comes when it has ended.
# Not with the job server of a make above: it would warn that this one has a number of jobs of its own.
test: system
	@MAKEFLAGS="$(filter-out -j% --jobserver-%,$(MAKEFLAGS))" $(MAKE) --no-print-directory --keep-going --output-sync=target --jobs=6 \
		test-browser test-pages test-faults test-mqtt $(ON_POSTGRES) test-inbox test-floods test-live \
		test-limits test-rest

test-browser:
	$(PY) -m pytest -m "not soak" --ignore tests/browser/pages tests/browser

test-pages:
	$(PY) -m pytest -m "not soak" tests/browser/pages tests/reuse tests/docs

# What a client may not do, or not too often; tests of it wait for timeouts.
FLOODS := $(addprefix tests/live/test_,floods.py openings.py)
LIMITS := $(addprefix tests/live/test_,bad_input.py bodies.py descriptors.py held.py requests.py)

test-floods:
	$(PY) -m pytest -m "not soak" $(FLOODS)

test-limits:
	$(PY) -m pytest -m "not soak" $(LIMITS)

test-live:
	$(PY) -m pytest -m "not soak" tests/live $(addprefix --ignore ,$(FLOODS) $(LIMITS))

test-faults:
	$(PY) -m pytest -m "not soak" tests/faults

test-mqtt:
	$(PY) -m pytest -m "not soak" tests/mqtt

test-rest:
	$(PY) -m pytest -m "not soak" $(addprefix --ignore tests/,browser reuse docs inbox live faults mqtt)

# Few random examples: the others are tried on SQLite.
test-inbox-on-postgres:
	EXAMPLES=0.25 $(PY) -m tools.on_postgres $(PY) -m pytest -m "not soak and not anywhere" tests/inbox

# About half of the tests each: one run would still go on when all the others have ended.
FIRST := $(wildcard tests/inbox/test_[a-e]*.py)
SECOND := tests/inbox $(addprefix --ignore ,$(FIRST))

test-inbox: test-inbox-first test-inbox-second

test-inbox-first:
	$(PY) -m pytest -m "not soak" $(FIRST)

test-inbox-second:
	$(PY) -m pytest -m "not soak" $(SECOND)

# The same from one queue, over as many workers as tests/queue.py says.
test-queue: system
	$(PY) -m pytest -q -n auto -m "not soak"

# On the newest Django, where there is a Python for it: what needs no server but PostgreSQL, and all that tells
# something of Django.
ON_NEWEST := $(PYTHON) tools/newest.py -q -m "not soak and not any_django"

test-newest: test-newest-first test-newest-second

test-newest-first: $(DEV) newest
	$(PY) -m tools.on_postgres $(ON_NEWEST) $(FIRST)

test-newest-second: $(DEV) newest
	$(PY) -m tools.on_postgres $(ON_NEWEST) $(SECOND)
	$(ON_NEWEST) tests/push

# Installs it, once for both.
newest:
	@$(PYTHON) tools/newest.py

soak: system
	EXAMPLES=10 $(PY) -m pytest --timeout 1800
	EXAMPLES=10 $(PY) -m tools.on_postgres $(PY) -m pytest --timeout 1800 tests/inbox

bench: system
	$(PY) -m benchmarks.api
	$(PY) -m benchmarks.fanout
	$(PY) -m benchmarks.latency
	$(PY) -m benchmarks.page_weight
	$(PY) -m benchmarks.send
	$(PY) -m benchmarks.snapshot
	$(PY) -m benchmarks.workers

# Pictures of every page, to be looked at.
looks: system
	$(PY) -m tests.browser.pages.sheets .looks

lint: $(DEV)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy inbox push notify_site tools
	$(VENV)/bin/lint-imports
	$(PY) manage.py check --fail-level WARNING
	HTTPS=1 $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run

format: $(DEV)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# The catalogs of translations; prints what has none yet.
messages: system
	$(PY) -m tools.messages

lock:
	@$(PYTHON) tools/lock.py
