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

.PHONY: help run stack test test-browser test-pages test-live test-floods test-limits test-faults test-mqtt test-rest test-inbox-on-postgres test-inbox test-queue test-newest soak bench lint format messages lock system
help:
	@echo "make run | stack | test | soak | bench | lint | format | messages | lock    (PORT=$(PORT))"

$(INSTALLED): requirements.lock
	@$(PYTHON) tools/bootstrap.py requirements.lock

$(DEV): requirements-dev.lock
	@$(PYTHON) tools/bootstrap.py requirements-dev.lock

run: $(INSTALLED)
	@$(PY) -m tools.run

stack: $(DEV)
	@$(PYTHON) tools/system.py postgresql rabbitmq-server
	@$(PY) -m tools.stack

# The programs of npm go into the virtual environment, so it comes first.
system: $(DEV)
	@$(PYTHON) tools/system.py chromium chromium-headless-shell postgresql nginx caddy haproxy gettext mosquitto mosquitto-clients rabbitmq-server
	@$(PYTHON) tools/node.py

# Ten runs, six at a time, the longest first: each waits a good part of its time. What one printed comes when it has ended.
test: system
	@$(MAKE) --no-print-directory --keep-going --output-sync=target --jobs=6 \
		test-browser test-pages test-faults test-mqtt test-inbox-on-postgres test-floods test-live test-inbox \
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

test-inbox-on-postgres:
	$(PY) -m tools.on_postgres $(PY) -m pytest -m "not soak and not anywhere" tests/inbox

test-inbox:
	$(PY) -m pytest -m "not soak" tests/inbox

# The same from one queue, over as many workers as tests/queue.py says.
test-queue: system
	$(PY) -m pytest -q -n auto -m "not soak"

# On the newest Django, where there is a Python for it: what needs no server but the database.
test-newest:
	@$(PYTHON) tools/newest.py -q -m "not soak and not any_django" tests/inbox tests/push

soak: system
	EXAMPLES=10 $(PY) -m pytest --timeout 1800
	EXAMPLES=10 $(PY) -m tools.on_postgres $(PY) -m pytest --timeout 1800 tests/inbox

bench: system
	$(PY) -m benchmarks.api
	$(PY) -m benchmarks.fanout
	$(PY) -m benchmarks.latency
	$(PY) -m benchmarks.send
	$(PY) -m benchmarks.snapshot
	$(PY) -m benchmarks.workers

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
