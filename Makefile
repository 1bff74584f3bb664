# `make help` lists the targets. Everything runs in .venv, which every target sets up by itself.

PYTHON ?= python3.13
STAGE  ?= dev

BIN   := .venv/bin
PY    := $(BIN)/python
NEWEST := .venv/newest
READY := .venv/ready
NODE  := node_modules/.package-lock.json
NODE_CONSOLE := console/node_modules/.package-lock.json
UV    := UV_PYTHON_DOWNLOADS=never $(BIN)/uv
SAM   := SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$(CURDIR)/.venv/sam PATH="$(CURDIR)/$(BIN):$$PATH" $(PY) -m samcli

# Follows a command that prints one sentence when it fails. make would add a line of its own; SIGPIPE ends make without
# that line and with an exit code that is not 0.
OR_END = || { kill -s PIPE $$PPID; exit 1; }
# The shell ignores Ctrl-C, so that it waits until the command has stopped in order.
LOCAL = trap : INT; $(PY) -m local

.DEFAULT_GOAL := help
.PHONY: help setup run sync logs shell seed doctor reset operator delete-tenant promote invoke start-api start-lambda bench bench-deletion cost test prove prove-botocore soak lint \
	unit integration e2e mutate format licences secrets lock browser openapi typescript console build deploy verify

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the virtual environment .venv (done again only when the requirements change)

run: $(READY) ## Serve the whole system on this machine, with demo data (PORT=3091; DOCKER=1 for containers on Linux)
	@$(LOCAL) run $(OR_END)

sync: $(READY) ## Build and deploy what changed to the running local stack (`make run` pushes code by itself)
	@$(LOCAL) sync $(OR_END)

logs: $(READY) ## Follow the functions' logs (FUNCTION=promote_user; STAGE=dev for a stack on AWS)
	@$(LOCAL) logs $(OR_END)

shell: $(READY) ## A Python prompt with the layer, the local table and the demo data
	@$(LOCAL) shell $(OR_END)

seed: $(READY) ## Create many users, in new tenants, on the running local stack (USERS=1000 TENANTS=1)
	@$(LOCAL) seed $(OR_END)

doctor: $(READY) ## Check the invariants of a table (REPAIR=1; STACK=… or TABLE=… for one on AWS)
	@$(LOCAL) doctor $(OR_END)

reset: $(READY) ## Remove the state that `make run` keeps in .local/
	@$(LOCAL) reset $(OR_END)

delete-tenant: $(READY) ## Delete a tenant and show the progress (ID=…; GRACE_DAYS=7 or WAIT=yes; API=… MASTER_TOKEN=… for a remote one)
	@GRACE_DAYS='$(GRACE_DAYS)' WAIT='$(WAIT)' $(LOCAL) delete-tenant $(ID) $(OR_END)

promote: $(READY) ## Change the roles of many users (FILE=changes.csv; YES=yes; API=… TOKEN=… for a remote stack or another tenant)
	@FILE='$(FILE)' YES='$(YES)' $(LOCAL) promote $(OR_END)

operator: $(READY) ## Do an operation on the running local stack (ARGS='create_superadmin email=…')
	@$(LOCAL) operate $(ARGS) $(OR_END)

invoke: $(READY) ## Run a function in Lambda's container, with Docker and `make run` (FUNCTION=promote_user EVENT=…)
	@$(LOCAL) invoke $(OR_END)

start-api: $(READY) ## Serve the API from Lambda's containers, with Docker and `make run` (ARGS='--port 3001')
	@$(LOCAL) start-api $(OR_END)

start-lambda: $(READY) ## Serve Lambda's own interface from its containers, with Docker and `make run` (ARGS=…)
	@$(LOCAL) start-lambda $(OR_END)

test: lint unit integration e2e ## Lint, then all tests

prove: $(READY) ## The long form of some tests: every crash and fault, long runs of the model, the races and the fuzzer
	@ROLECALL_PROVE=1 $(PY) -m pytest tests/unit/test_mutation.py \
		tests/integration/deletion/test_deletion_crashes.py tests/integration/deletion/test_deletion_faults.py \
		tests/integration/tenants/test_user_deletion_crashes.py tests/integration/test_raw_events.py \
		tests/integration/scim/test_scim_any_request.py tests/model \
		--numprocesses auto --timeout 3600
	@ROLECALL_PROVE=1 $(PY) -m pytest tests/e2e/test_operations.py
	@ROLECALL_PROVE=1 $(PY) -m pytest tests/e2e/test_verify_permissions.py
	@ROLECALL_PROVE=1 $(PY) -m pytest tests/e2e/test_races.py --timeout 3600
	@ROLECALL_PROVE=1 $(PY) -m pytest tests/e2e/test_fuzz.py --timeout 3600
	@$(MAKE) --no-print-directory prove-botocore

# An environment of its own has the newest botocore, and the rest from .venv. Only here is a version not pinned.
prove-botocore: $(READY) ## The clients of AWS with the newest botocore, beside the pinned one (part of `make prove`)
	@$(PYTHON) -m venv --clear $(NEWEST)
	@$(UV) pip install --quiet --upgrade --python $(NEWEST)/bin/python boto3 botocore
	@echo "$(CURDIR)/.venv/lib/python3.13/site-packages" > $(NEWEST)/lib/python3.13/site-packages/rest.pth
	@for python in $(PY) $(NEWEST)/bin/python; do \
		$$python -c 'import botocore; print("botocore", botocore.__version__)' && \
		$$python -m pytest tests/unit/aws tests/integration/storage tests/integration/test_every_route.py \
			--numprocesses auto || exit 1; \
	done

soak: $(READY) ## Ten minutes of traffic while tenants are deleted and maintenance runs (SECONDS=600)
	@$(PY) -m tests.load

lint: $(READY) ## ruff, mypy --strict, bandit and cfn-lint
	@echo "lint: ruff"    && $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "lint: mypy"    && $(PY) -m mypy
	@echo "lint: bandit"  && $(BIN)/bandit --quiet --configfile pyproject.toml --recursive layers functions local openapi verify
	@echo "lint: template" && $(SAM) validate --lint --template template.yaml --region us-east-1

unit: $(READY) $(if $(shell command -v npm),$(NODE) $(NODE_CONSOLE)) ## Tests of the pure rules and of the template
	@$(PY) -m pytest tests/unit --numprocesses auto --dist worksteal

integration: $(READY) $(if $(shell command -v npm),$(NODE)) ## Tests of the real handlers with real events, on moto in memory
	@$(PY) -m pytest tests/model tests/integration --numprocesses auto --dist worksteal

e2e: $(READY) $(if $(shell command -v npm),$(NODE)) browser ## Tests over HTTP, against three stacks that are deployed for them
	@$(PY) -m pytest tests/e2e --numprocesses 3 --dist loadfile --no-loadscope-reorder

# Tests use the reference and the console in a browser. As root on Debian, as in CI, Chromium is installed; no other machine is changed.
browser:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0; \
	echo "e2e: installing Chromium"; \
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium; } \
		>/dev/null 2>&1 || echo "e2e: Chromium could not be installed, so the tests of the reference and the console are skipped"

bench: $(READY) $(NODE) ## Measure speed against the floor and the peers, into docs/performance.md (needs npm; Linux)
	@$(PY) -m tests.benchmarks

bench-deletion: $(READY) $(NODE) ## Measure large deletions: the sweep on dynalite (needs npm), 10,000 items over HTTP
	@$(PY) -m tests.benchmarks.sweep
	@ROLECALL_SIZE=1 $(PY) -m pytest tests/e2e/test_tenant_deletion.py -k "ten_thousand or late_writers" -s -q

cost: $(READY) ## Compute what a million calls of each route cost, into docs/cost.md
	@$(PY) -m tests.benchmarks.cost

licences: $(READY) ## Make docs/licences.md from the requirements of what ships
	@$(PY) -m tests.licences

secrets: $(READY) ## Write what looks like a secret into .secrets.baseline, and ask for each new one what it is
	@$(BIN)/detect-secrets scan --baseline .secrets.baseline && $(BIN)/detect-secrets audit .secrets.baseline

mutate: $(READY) ## Run mutation tests (MODULE=auth/roles for one module, SAMPLE=60 mutants of each, 0 for all)
	@$(PY) -m tests.mutation --sample $(or $(SAMPLE),60) $(MODULE)

format: $(READY) ## Format the code and fix what ruff can fix
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format --quiet .

openapi: $(READY) ## Make docs/openapi.json and docs/errors.md from the code and the template
	@$(PY) -m openapi

typescript: openapi $(NODE) ## Make clients/typescript/rolecall.d.ts from docs/openapi.json (needs npm)
	@npm run --silent typescript > clients/typescript/rolecall.d.ts
	@npm run --silent typecheck

console: $(NODE_CONSOLE) ## Check and build the web console into the functions that serve it (needs npm)
	@npm --prefix console run --silent check
	@npm --prefix console run --silent build -- --logLevel warn
	@rm -rf functions/get_console_asset/assets && cp -r console/dist/console functions/get_console_asset/assets
	@cp console/dist/index.html functions/show_console/page.html

# The developers' requirements are resolved first and constrain the layer's, so that the tests run what is deployed.
lock: $(READY) ## Resolve the requirements again (UPGRADE=1 for the newest versions)
	@$(UV) pip compile $(LOCK) requirements/setup.in --output-file requirements/setup.txt
	@$(UV) pip compile $(LOCK) requirements/dev.in --output-file requirements/dev.txt
	@$(UV) pip compile $(LOCK) layers/rolecall/requirements.in --constraints requirements/dev.txt \
		--output-file layers/rolecall/requirements.txt
	@$(UV) pip compile $(LOCK) functions/deliver_webhook/requirements.in --constraints requirements/dev.txt \
		--output-file functions/deliver_webhook/requirements.txt
LOCK := --quiet --universal --python-version 3.13 --python $(PY) --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

build: $(READY) ## Build for AWS (STAGE=dev or prod, whose profile says for which architecture)
	@grep -q "^\[$(STAGE)\." samconfig.toml || { \
		echo "There is no profile '$(STAGE)' in samconfig.toml: STAGE is dev or prod." >&2; false; } $(OR_END)
	@$(SAM) build --config-env $(STAGE)
	@$(PY) -m local.deployment.build .aws-sam/build

verify: $(READY) ## Check a deployed stack, and remove what that made (STAGE=dev, prod or local; or STACK=…)
	@trap : INT; STAGE=$(STAGE) $(PY) -m verify $(OR_END)

# SAM publishes a new version of the layer only if its template changed. The revision makes it follow samconfig.toml too.
deploy: build ## Deploy to AWS (STAGE=dev or prod)
	@sed -i.before "s/Revision 1 /Revision $$(cksum < samconfig.toml | cut -d ' ' -f 1) /" .aws-sam/build/template.yaml
	@SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$(CURDIR)/.venv/sam $(PY) -m local release $(STAGE) $(OR_END)

# dynalite, for measuring the sweep, and the compilers for TypeScript. The console has packages of its own.
$(NODE): package-lock.json
$(NODE_CONSOLE): console/package-lock.json
$(NODE) $(NODE_CONSOLE):
	@command -v npm > /dev/null || { \
		echo "npm is needed for this: install Node.js (https://nodejs.org, or your system's package)." >&2; false; } $(OR_END)
	@npm --prefix $(patsubst %/,%,$(dir $<)) ci --silent --no-audit --no-fund --no-update-notifier && touch $@

$(READY): requirements/setup.txt requirements/dev.txt
	@case "$$(uname -s)" in Linux | Darwin) ;; *) \
		echo "Rolecall is developed on Linux and macOS: on Windows, use WSL." >&2; false;; esac $(OR_END)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
		echo "Python 3.13 is needed and '$(PYTHON)' is not it: install it," \
			"or say where it is with PYTHON=/path/to/python3.13." >&2; false; } $(OR_END)
	@$(PYTHON) -m local.virtual_environment $(OR_END)
