# `make help` lists the targets. Each makes .venv/ if it is not there; none writes outside the repository.

BACKEND ?= jax
BACKENDS := jax torch tensorflow
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --retries 10
PYTEST_FLAGS ?=

# A stamp in $(STAMPS) says that an installation has finished. An interrupted one leaves none.
STAMPS := $(VENV)/.stamps

# pip writes INSTALLER after a package's files: without it some are missing, though pip believes otherwise.
FORGET_HALF_INSTALLED = @for info in $(VENV)/lib/python*/site-packages/*.dist-info; do \
	test -e "$$info/INSTALLER" || rm -rf "$$info"; done

# Without an NVIDIA GPU, x86-64 Linux takes the build of TensorFlow that is half the size.
TENSORFLOW := $(shell \
	if [ "$$(uname -sm)" = "Linux x86_64" ] && ! command -v nvidia-smi >/dev/null; \
	then echo tensorflow-cpu; else echo tensorflow; fi)
EXTRA_jax := jax
EXTRA_torch := torch
EXTRA_tensorflow := $(TENSORFLOW)

ifeq ($(filter $(BACKEND),$(BACKENDS)),)
$(error BACKEND must be a Keras backend. Received: '$(BACKEND)'. Accepted: $(BACKENDS))
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install run test test-every $(BACKENDS:%=test-%) lint format bench parity combinations pretrained docs docs-check build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "BACKEND=jax|torch|tensorflow chooses the Keras backend of run and bench (now $(BACKEND))."

run: $(STAMPS)/$(BACKEND) ## train, export, certify and time two models (a few minutes)
	KERAS_BACKEND=$(BACKEND) $(VENV)/bin/zoo demo

install: $(STAMPS)/all ## install everything: the three backends, the converters, the tools

test: $(STAMPS)/all ## run the tests on all three backends, two processes at a time
	$(PYTHON) -m tests.run $(PYTEST_FLAGS)

test-every: export GENZOO_TESTS = every
test-every: test ## the same, and each test of every model on every backend

# The first process also runs what does not depend on the backend; the others leave it out.
test-jax: $(STAMPS)/all
	KERAS_BACKEND=jax $(PYTHON) -m pytest $(PYTEST_FLAGS)

test-torch test-tensorflow: test-%: $(STAMPS)/all
	KERAS_BACKEND=$* $(PYTHON) -m pytest -m "not once" $(PYTEST_FLAGS)

lint: $(STAMPS)/lint ## check style, format and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(STAMPS)/lint ## rewrite the sources as `make lint` wants them
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(STAMPS)/$(BACKEND) ## time ONNX Runtime against the native backend
	KERAS_BACKEND=$(BACKEND) $(VENV)/bin/zoo bench

parity: $(STAMPS)/all ## train every model on every backend and compare the losses
	$(PYTHON) -m tests.parity

combinations: $(STAMPS)/all ## train and export 200 combinations of the pieces of GANs
	KERAS_BACKEND=$(BACKEND) $(PYTHON) -m tests.combinations --out benchmarks/results/combinations.jsonl

pretrained: $(STAMPS)/$(BACKEND) ## train the models that come with the package
	KERAS_BACKEND=$(BACKEND) $(PYTHON) -m benchmarks.pretrained

docs: $(STAMPS)/all ## write the generated parts of the documentation
	$(PYTHON) -m tests.docs_table

docs-check: $(STAMPS)/all ## check what is generated, run every command and Python block
	$(PYTHON) -m tests.docs_table --check
	KERAS_BACKEND=$(BACKEND) $(PYTHON) -m tests.docs_blocks

build: $(STAMPS)/all ## build the wheel and the source distribution in dist/
	$(PYTHON) -m build

clean: ## remove the environment, caches and build outputs
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BACKENDS:%=$(STAMPS)/%): $(STAMPS)/%: $(STAMPS)/venv pyproject.toml constraints.txt
	$(FORGET_HALF_INSTALLED)
	$(PIP) install --constraint constraints.txt --editable ".[$(EXTRA_$*),export]"
	@touch $@

$(STAMPS)/lint: $(STAMPS)/venv pyproject.toml constraints.txt
	$(FORGET_HALF_INSTALLED)
	$(PIP) install --constraint constraints.txt --editable ".[train,dev]"
	@touch $@

$(STAMPS)/all: $(STAMPS)/venv pyproject.toml constraints.txt
	$(FORGET_HALF_INSTALLED)
	$(PIP) install --constraint constraints.txt \
		--editable ".[$(TENSORFLOW),torch,jax,export,openvino,routes,dev]"
	@touch $(BACKENDS:%=$(STAMPS)/%) $(STAMPS)/lint $@

# A name on the path may be a launcher without a Python behind it, so each candidate is asked to run.
$(STAMPS)/venv:
	$(FORGET_HALF_INSTALLED)
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if $$python -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' \
			>/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "genzoo needs Python 3.11 or newer, with venv." \
			"Received: $$(python3 --version 2>/dev/null || echo none)." \
			"Accepted: a python3.13, python3.12, python3.11 or python3 on the PATH." >&2; exit 1; \
	fi; \
	if [ "$$found" != "$(PYTHON)" ] || ! $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		echo "$$found -m venv $(VENV)"; $$found -m venv $(VENV) || exit 1; \
	fi; \
	mkdir -p $(STAMPS) && touch $@
