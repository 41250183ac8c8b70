# Every chore of the project. CI runs the same targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
WORKERS ?= 2
ROUNDS ?= 5
TEMPEST_PLUGINS := keystone-tempest-plugin neutron-tempest-plugin cinder-tempest-plugin
# What `make test` runs of the provider's acceptance tests: the whole list by default.
SLICE ?=
# How long `make fuzz` looks for faults, and where its random numbers begin.
SECONDS ?= 1800
SEED ?= 1

.PHONY: help
help: ## List every chore
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}'

$(BIN)/mopenstack: pyproject.toml
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

.PHONY: setup
setup: $(BIN)/mopenstack ## Make the virtual environment with everything in it

.PHONY: proto
proto: $(BIN)/mopenstack ## Generate the Python of the contract
	@$(BIN)/python proto/generate.py

.PHONY: tools
tools: $(BIN)/mopenstack ## Find or make the tools that the suite drives (needs Terraform and Go on PATH; installs Chromium)
	@$(BIN)/mopenstack tools install chromium terraform provider provider-acceptance gophercloud openstackclient openstacksdk \
	  tempest $(TEMPEST_PLUGINS) ansible

.PHONY: demo
demo: $(BIN)/mopenstack ## A cloud, a real terraform apply of a three-tier stack, an empty plan, a clean destroy, a scorecard
	@$(BIN)/mopenstack tools install terraform provider
	@$(BIN)/mopenstack conformance run stack-three-tier --verbose

.PHONY: test
test: tools lint ## Every test: on SQLite, on PostgreSQL, with the real clients
	@$(BIN)/python -m pytest -n $(WORKERS)
	@$(BIN)/python -m fuzz --rounds 8 --seed 1 --requests 150
	@$(BIN)/python -m pytest -n $(WORKERS) --store postgresql tests/compute tests/identity tests/image tests/network tests/placement tests/volume tests/test_security.py tests/test_clouds.py
	@$(BIN)/mopenstack conformance run -n $(WORKERS)
	@$(BIN)/mopenstack conformance run --tool daily-work
	@$(BIN)/mopenstack conformance run --tool tempest -n $(WORKERS) @interop
	@for plugin in $(TEMPEST_PLUGINS); do $(BIN)/mopenstack conformance run --tool $$plugin -n $(WORKERS) @ci; done
	@$(BIN)/mopenstack conformance run --tool sdk -n $(WORKERS) @ci
	@$(BIN)/mopenstack conformance run --tool openstackclient -n $(WORKERS) @ci
	@$(BIN)/mopenstack conformance run --tool ansible -n $(WORKERS) @ci
	@$(BIN)/mopenstack conformance run --tool gophercloud -n $(WORKERS)
	@$(BIN)/mopenstack conformance run --tool provider-acceptance -n $(WORKERS) $(SLICE)

.PHONY: coverage
coverage: $(BIN)/mopenstack ## Which lines of core, gateway and suite the tests run: fails under 90 %
	@$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term

.PHONY: lint
lint: $(BIN)/mopenstack ## ruff and mypy, strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

.PHONY: conformance
conformance: tools ## The whole suite with every tool (half an hour): scorecards and one page in conformance-results/
	@$(BIN)/mopenstack tools install opentofu opentofu-provider
	@mkdir -p conformance-results
	@status=0; for tool in terraform opentofu daily-work provider-acceptance gophercloud tempest $(TEMPEST_PLUGINS) sdk openstackclient ansible; do \
	  echo "$$tool ..."; \
	  $(BIN)/mopenstack conformance run --tool $$tool -n $(WORKERS) --json > conformance-results/$$tool.json \
	    2> conformance-results/$$tool.log || { status=1; tail -n 20 conformance-results/$$tool.log; }; \
	done; \
	$(BIN)/mopenstack conformance page conformance-results/*.json --html conformance-results/index.html \
	  --never-driven tests/golden/never-driven.tsv; exit $$status

.PHONY: schemas
schemas: ## Export the published schemas, and what the real services say of wrong inputs, anew (ten minutes)
	@$(PYTHON) -m venv $(VENV)-schemas
	@$(VENV)-schemas/bin/pip install --quiet --disable-pip-version-check -r gateway/schemas/requirements.txt
	@$(VENV)-schemas/bin/python -P -W ignore gateway/schemas/export.py
	@PYTHONHASHSEED=0 $(VENV)-schemas/bin/python -W ignore gateway/schemas/request_schemas.py
	@PYTHONHASHSEED=0 $(VENV)-schemas/bin/python -W ignore gateway/schemas/wrong_inputs.py

.PHONY: bench
bench: $(BIN)/mopenstack ## mopenstack, a bare aiohttp handler and moto side by side: one table of ratios
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	@$(BIN)/python -m compileall -q core gateway cli proto
	@$(BIN)/python bench/run.py --rounds $(ROUNDS)

.PHONY: fuzz
fuzz: $(BIN)/mopenstack ## Hostile requests for SECONDS=1800 from SEED=1: fails with a reproducer for each 5xx, lost or slow answer
	@$(BIN)/python -m fuzz --seconds $(SECONDS) --seed $(SEED)

.PHONY: scale
scale: tools ## A terraform apply of 1,000 resources and a /16 with 20,000 ports: does a request cost more with more there?
	@$(BIN)/python bench/scale.py

# How long, what is drawn (empty: by lot), and how many servers come and go for the memory.
SECONDS ?= 1800
SEED ?=
SERVERS ?= 20000

.PHONY: soak
soak: $(BIN)/mopenstack ## Writes while processes, disk and database are taken away: is all there that was acknowledged?
	@$(BIN)/python -m compileall -q core gateway cli proto
	@$(BIN)/python -m soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) --servers $(SERVERS)

.PHONY: format
format: $(BIN)/mopenstack ## Write the code as ruff formats it
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

.PHONY: statements
statements: $(BIN)/mopenstack ## Compile the store's statements after a change of statements.py or schema.py
	@$(BIN)/python -m mopenstack.core.store.statements

.PHONY: clean
clean: ## Remove what was generated, and the virtual environment
	@rm -rf $(VENV) proto/gen build fuzz-results dist .pytest_cache .mypy_cache .ruff_cache
