# The same commands as ./outrider, for fingers that type make. Every target says what it does.
.DEFAULT_GOAL := help
.PHONY: help check check-long test format lint types docs lock migrate up demo bench dev

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

check: ## Run every check that a change must pass (under five minutes on two cores)
	@./outrider check

check-long: ## The same, with the long tests
	@./outrider check --long

test: ## Run the tests; ARGS go to pytest: make test ARGS="tests/db -k claim"
	@./outrider test $(ARGS)

format: dev ## Format the code and mend what can be mended
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

lint: dev ## Lint the code and the layers
	@.venv/bin/ruff check . && .venv/bin/lint-imports --no-logo

types: dev ## Check the types, and that SQL is literal
	@.venv/bin/basedpyright

docs: dev ## Redraw the pages that come from the code
	@.venv/bin/python -m scripts.docs

# run: what a checkout installs; prod: the same without the embedded servers, for the image;
# build: what makes the wheel; dev: everything. All in the same versions.
lock: ## Resolve pyproject.toml anew into requirements/ (needs uv)
	@$(COMPILE) --upgrade pyproject.toml --extra dev-servers --group build -o requirements/run.txt
	@$(COMPILE) --upgrade pyproject.toml --extra dev-servers --extra parquet --group dev \
		-c requirements/run.txt -o requirements/dev.txt
	@$(COMPILE) pyproject.toml -c requirements/run.txt -o requirements/prod.txt
	@$(COMPILE) --group build -c requirements/run.txt -o requirements/build.txt

migrate: ## Bring the database up to date
	@./outrider migrate

up: ## Start the whole fleet on this machine
	@./outrider up

demo: ## Show the main job, from CSV to verdict
	@./outrider demo

bench: ## Measure jobs per second and latency, beside bare Dramatiq
	@./outrider bench throughput && ./outrider bench latency

dev:
	@./outrider test --version >/dev/null
