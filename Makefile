# `make` alone explains itself. Settings (RT_HOME, RT_PORT_BASE, ...) come from the command line, the environment
# or `.env`; `.env.example` lists them.

PYTHON ?= python3
# The environment's own Python starts faster and is the right version, unless another one is asked for.
STARTER := $(if $(filter default undefined file,$(origin PYTHON)),$(or $(wildcard .venv/bin/python),$(PYTHON)),$(PYTHON))
BOOTSTRAP := $(STARTER) tools/local/bootstrap.py
LOCAL := .venv/bin/python -m local

.DEFAULT_GOAL := help
.PHONY: help up down restart status logs migrate admin demo clean check test e2e bench fuzz lock bootstrap-test
.PHONY: secrets compose-test k8s-check account rotate-keys reencrypt
.PHONY: environment ready dev-ready

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { text = $$2; if (match(text, /^\[[^]]*\] /)) { \
	  path = substr(text, 2, RLENGTH - 3); text = substr(text, RLENGTH + 1); if (system("test -e " path)) next } \
	  printf "  make %-15s %s\n", $$1, text }' $(firstword $(MAKEFILE_LIST))

up: ready ## Start everything (again: restarts what changed); prints address and sign-in
	@$(LOCAL) up

down: environment ## Stop everything; data stays
	@$(LOCAL) down

restart: ready ## Restart the services, or one process: NAME=strava-worker
	@$(LOCAL) restart $(NAME)

status: environment ## Show every process: health, port, restarts, memory
	@$(LOCAL) status

logs: environment ## Show the logs, or one: NAME=strava-worker
	@$(LOCAL) logs $(NAME)

migrate: ready ## Bring the database schemas up to date
	@$(LOCAL) migrate

admin: ready ## Make the admin account (ADMIN_EMAIL=...) where it is missing
	@$(LOCAL) admin

account: ready ## Make an account (EMAIL=... ROLE=coach) or help in: EMAIL=... RESET=1 TOTP_OFF=1
	@$(LOCAL) account "$(EMAIL)" $(if $(ROLE),--role "$(ROLE)") $(if $(RESET),--reset) $(if $(TOTP_OFF),--totp-off)

rotate-keys: ready ## Change the key that signs access tokens; NOW=1 when it leaked
	@$(LOCAL) rotate-keys $(if $(NOW),now)

reencrypt: ready ## Seal secrets of auth and strava with the first of their ENCRYPTION_KEYS, compress old originals
	@$(LOCAL) reencrypt

demo: ready ## Fill the running platform with an athlete of two years
	@$(LOCAL) demo $(if $(END),--end $(END)) $(if $(MONTHS),--months $(MONTHS))

check: dev-ready ## [tools/quality/check.sh] Check formatting, lint, types, boundaries, locks
	@tools/quality/check.sh

test: dev-ready ## [tools/quality/test.sh] Run all tests; installs and starts what they need
	@tools/quality/test.sh

e2e: dev-ready ## [tests/e2e/conftest.py] Run only the end-to-end tests
	@.venv/bin/python -m pytest -m e2e

bench: dev-ready ## [benchmarks/run.py] Measure: start, memory, requests, imports
	@.venv/bin/python benchmarks/run.py

fuzz: dev-ready ## [tools/quality/fuzz_parsers.py] Fuzz the readers of files: SECONDS=600
	@.venv/bin/python -m tools.quality.fuzz_parsers $(or $(SECONDS),600)

lock: ## [tools/quality/lock.sh] Pin all dependencies anew
	@test -x .venv/bin/uv || $(BOOTSTRAP) dev
	@tools/quality/lock.sh

bootstrap-test: ## [tests/bootstrap/run.sh] Prove `make up` and `make test` on a fresh Debian
	@tests/bootstrap/run.sh

secrets: ## Make the secrets for containers in secrets/; what is there stays
	@$(STARTER) tools/deploy/make_secrets.py

compose-test: dev-ready ## [tests/compose/run.sh] Prove docker-compose.yml: build, start, test, take down
	@tests/compose/run.sh

k8s-check: dev-ready ## [k8s] Build the Kubernetes manifests and check them, offline
	@.venv/bin/python -m tools.deploy.k8s_check

clean: environment ## Stop everything and delete all data (asks first; FORCE=1 does not)
	@$(LOCAL) clean

# What stops and shows things must work even while a new version's packages cannot be installed.
environment:
	@test -x .venv/bin/python || $(BOOTSTRAP) local

ready:
	@$(BOOTSTRAP) local

dev-ready:
	@$(BOOTSTRAP) dev
