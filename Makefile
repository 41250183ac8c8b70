# Every chore of the project. CI runs the same targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
WORKERS ?= 2
ROUNDS ?= 5
SUITES_OF_SERVICES := manila-rbac barbican-functional swift-functional swift-keystone swift-s3 designateclient barbicanclient swiftclient
TEMPEST_PLUGINS := $(addsuffix -tempest-plugin,keystone neutron cinder octavia barbican designate magnum manila heat mistral)
# What runs on SQLite and PostgreSQL, too: of Barbican and Swift not the replays, a minute of the same calls over and over.
ON_EVERY_STORE := $(addprefix tests/,compute container_infra database dns identity image key_manager load_balancer network object_store orchestration placement shared_file_system tenant_replication vm_lifecycle volume workflow test_security.py test_clouds.py) \
  $(patsubst %,--ignore=tests/%/test_recordings.py,container_infra database key_manager object_store orchestration shared_file_system workflow)
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
	@$(BIN)/mopenstack tools install chromium cloud-init node terraform provider provider-acceptance gophercloud openstackclient openstacksdk \
	  tempest $(TEMPEST_PLUGINS) swift barbican keystone glance python-clients ansible horizon skyline rally helm

.PHONY: demo
demo: ## A cloud, a real terraform apply of a three-tier stack, an empty plan, a clean destroy, a scorecard
	@$(PYTHON) -m demo.run --environment $(if $(wildcard $(BIN)/ruff),$(VENV),$(VENV)-demo)

.PHONY: test
test: tools lint ## Every test: in memory, on SQLite, on PostgreSQL, with the real clients
	@$(BIN)/python -m pytest -n $(WORKERS)
	@$(BIN)/python -m fuzz --rounds 8 --seed 1 --requests 150
	@$(BIN)/python -m pytest -n $(WORKERS) --store file $(ON_EVERY_STORE)
	@$(BIN)/python -m pytest -n $(WORKERS) --store postgresql $(ON_EVERY_STORE)
	@$(BIN)/mopenstack conformance run -n $(WORKERS)
	@$(BIN)/mopenstack conformance run --tool daily-work
	@$(BIN)/mopenstack conformance run --tool tempest -n $(WORKERS) @interop
	@for tool in $(TEMPEST_PLUGINS) $(SUITES_OF_SERVICES); do $(BIN)/mopenstack conformance run --tool $$tool -n $(WORKERS) @ci; done
	@$(BIN)/mopenstack conformance run --tool sdk -n $(WORKERS) @ci
	@$(BIN)/mopenstack conformance run --tool openstackclient -n $(WORKERS) @ci
	@$(BIN)/mopenstack conformance run --tool ansible -n $(WORKERS) @ci
	@$(BIN)/mopenstack conformance run --tool horizon -n $(WORKERS) @ci
	@$(BIN)/mopenstack conformance run --tool rally -n $(WORKERS) @ci
	@$(BIN)/mopenstack conformance run --tool gophercloud -n $(WORKERS)
	@$(BIN)/mopenstack conformance run --tool provider-acceptance -n $(WORKERS) $(SLICE)

.PHONY: docs
docs: $(BIN)/mopenstack ## The documentation as a site in build/site: fails for a broken link or anchor, or a page without a place
	@$(BIN)/python -m docsite

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
	@status=0; for tool in terraform opentofu daily-work provider-acceptance gophercloud tempest $(TEMPEST_PLUGINS) $(SUITES_OF_SERVICES) sdk openstackclient ansible horizon skyline rally; do \
	  echo "$$tool ..."; \
	  $(BIN)/mopenstack conformance run --tool $$tool -n $(WORKERS) --json > conformance-results/$$tool.json \
	    2> conformance-results/$$tool.log || { status=1; tail -n 20 conformance-results/$$tool.log; }; \
	done; \
	$(BIN)/mopenstack conformance page conformance-results/*.json --html conformance-results/index.html \
	  --never-driven tests/golden/never-driven.tsv; exit $$status

.PHONY: horizon
horizon: $(BIN)/mopenstack ## Horizon's own Selenium tests, all of them, in Chromium (twenty minutes)
	@$(BIN)/mopenstack tools install horizon
	@$(BIN)/mopenstack conformance run --tool horizon -n $(WORKERS)

.PHONY: schemas
schemas: ## Export the published schemas, and what the real services say of wrong inputs, anew (ten minutes)
	@$(PYTHON) -m venv $(VENV)-schemas
	@$(VENV)-schemas/bin/pip install --quiet --disable-pip-version-check -r gateway/schemas/requirements.txt
	@$(VENV)-schemas/bin/python -P -W ignore gateway/schemas/export.py
	@PYTHONHASHSEED=0 $(VENV)-schemas/bin/python -W ignore gateway/schemas/request_schemas.py
	@PYTHONHASHSEED=0 $(VENV)-schemas/bin/python -W ignore gateway/schemas/wrong_inputs.py
	@$(PYTHON) -m venv $(VENV)-heat
	@$(VENV)-heat/bin/pip install --quiet --disable-pip-version-check -r gateway/schemas/heat.txt
	@$(VENV)-heat/bin/python -W ignore gateway/schemas/heat_types.py

.PHONY: vendor
vendor: ## Fetch the web page's libraries from npm at the versions and integrities of gateway/vendor.json
	@$(PYTHON) gateway/vendor.py

.PHONY: bench
bench: tools ## mopenstack, a bare aiohttp handler and moto side by side: one table of ratios
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	@$(BIN)/python -m compileall -q core gateway cli proto
	@PYTHONPATH=. $(BIN)/python bench/run.py --rounds $(ROUNDS)

.PHONY: bench-workers
bench-workers: $(BIN)/mopenstack ## Reads and writes a second of 1 and 2 (4) workers on PostgreSQL beside the SQLite process
	@$(BIN)/python -m compileall -q core gateway cli proto
	@PYTHONPATH=. $(BIN)/python bench/workers.py --rounds $(ROUNDS)

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

.PHONY: dist
dist: $(BIN)/mopenstack ## Build sdist and wheel, and prove them in empty environments: pip, uvx, pipx, extras, a cloud
	@$(BIN)/python -m release.prove_dist

.PHONY: image
image: ## Build the image of the Dockerfile without Docker, and prove it (root; Debian or Ubuntu)
	@release/image.sh

.PHONY: chart
chart: $(BIN)/mopenstack ## Lint and render charts/mopenstack with Helm, and hold it against the schemas of Kubernetes
	@$(BIN)/mopenstack tools install helm
	@$(BIN)/python -m pytest -q tests/packaging/test_chart.py

.PHONY: sbom
sbom: $(BIN)/mopenstack ## Write what a mopenstack with all its extras for use is made of to dist/sbom.cdx.json (CycloneDX)
	@$(BIN)/python -m release.sbom

.PHONY: ha
ha: ROUNDS = 10
ha: $(BIN)/mopenstack ## PostgreSQL on three nodes: leader and core killed, a node stopped, each ROUNDS=10 times, under load
	@$(BIN)/python -m compileall -q core gateway cli proto
	@$(BIN)/python -m soak --shapes nodes-split --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) --servers 0

.PHONY: bench-backends
bench-backends: ROUNDS = 3
bench-backends: $(BIN)/mopenstack ## Rally's KeystoneBasic on memory, SQLite, PostgreSQL and three nodes: a table in docs/high-availability.md
	@$(BIN)/mopenstack tools install rally
	@PYTHONPATH=. $(BIN)/python bench/backends.py --rounds $(ROUNDS)

.PHONY: format
format: $(BIN)/mopenstack ## Write the code as ruff formats it
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

.PHONY: statements
statements: $(BIN)/mopenstack ## Compile the store's statements after a change of statements.py or schema.py
	@$(BIN)/python -m mopenstack.core.store.statements

.PHONY: clients
clients: $(BIN)/mopenstack ## Generate the clients in Go and TypeScript, clients/: to be published from there (needs Go)
	@$(BIN)/mopenstack tools install node
	@$(BIN)/python clients/generate.py

.PHONY: vendor-novnc
vendor-novnc: $(BIN)/mopenstack ## Fetch the library of the consoles' page from npm anew (needs Node); the result is committed
	@$(BIN)/python gateway/vendor_novnc.py

.PHONY: clean
clean: ## Remove what was generated, and the virtual environment
	@rm -rf $(VENV) $(VENV)-demo proto/gen build fuzz-results dist .pytest_cache .mypy_cache .ruff_cache
