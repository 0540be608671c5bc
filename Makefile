# The words a newcomer needs. Each sets up what it needs by itself; a .venv that exists is kept.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
ONCE ?=
MINUTES ?= 60
# Of a soak, at the most; 0: load and attack alone.
KILLS ?= 100000
# Another wheel index for torch alone; the default on Linux is the large CUDA build, pytorch.org names one of CPU builds.
TORCH_INDEX ?=
# Test files run beside each other in so many processes, in their order: much of their time is waiting for others.
TESTERS ?= 3
PEERS := orthanc orthanc-dicomweb dcmtk dicom3tools pixelmed-apps redis-server rabbitmq-server postgresql chromium strace openssl
# A node that is there is kept, wherever it comes from.
PEERS += $(if $(shell command -v node),,nodejs npm)
OHIF := tests/judges/ohif

# torch stays as it is installed: without its own line pip would fetch another build of several gigabytes.
KEEP_TORCH = (grep -vE '^(torch|torchvision)==' constraints/py311.txt; \
  $(BIN)/python -c "import torch; print('torch==' + torch.__version__.partition('+')[0])") > $(VENV)/constraints.txt

.PHONY: demo test check audit docs bench peers clean

demo: $(VENV)/.models
	$(BIN)/rheumascore demo $(if $(ONCE),--once)

test: $(VENV)/.dev peers $(OHIF)/node_modules
	$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_house.py

# The bill of materials, and known vulnerabilities where their data can be had: without it this says so and goes on.
audit: $(VENV)/.dev
	@mkdir -p build
	$(BIN)/python -m supply_chain.bill_of_materials > build/rheumascore.cdx.json
	@test -x $(VENV)/audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)/audit \
	  && $(VENV)/audit/bin/python -m pip install -q --retries 1 pip-audit==2.10.1; } \
	  || { rm -rf $(VENV)/audit; echo "not audited: pip-audit cannot be installed here"; }
	@test ! -x $(VENV)/audit/bin/pip-audit || $(VENV)/audit/bin/python -m supply_chain.audit

docs: $(VENV)/.dev
	$(BIN)/python -m docs.make_pictures
	$(BIN)/python -m docs.make_tables

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.turnaround

# Load, attack and kills; the last third without kills. Exit code 1 when anything was lost, doubled or grew.
soak: $(VENV)/.dev peers
	$(BIN)/python -m benchmarks.soak --minutes $(MINUTES) --kills $(KILLS) --calm 0.33

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# An installed torch is kept whatever its build; else the tested one is installed, from TORCH_INDEX when it is named.
$(VENV)/.torch: | $(BIN)/python
	$(BIN)/python -c "import torch" 2>/dev/null \
	  || $(BIN)/python -m pip install -c constraints/py311.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	touch $@

$(VENV)/.models: pyproject.toml constraints/py311.txt | $(VENV)/.torch
	$(KEEP_TORCH)
	$(BIN)/python -m pip install -c $(VENV)/constraints.txt -e '.[models]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints/py311.txt | $(VENV)/.torch
	$(KEEP_TORCH)
	$(BIN)/python -m pip install -c $(VENV)/constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.models

# The foreign programs that the tests speak to: installed where that is possible, else named.
peers:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  missing=""; for p in $(PEERS); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	  if [ -n "$$missing" ]; then echo "installing$$missing"; apt-get update -qq \
	    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi; \
	else for p in Orthanc storescu dciodvfy java node redis-server rabbitmq-server chromium; do \
	  PATH="$$PATH:/usr/sbin" command -v $$p >/dev/null || echo "not installed, its tests are skipped: $$p"; done; fi

# The code by which OHIF reads Structured Reports, as its lock file names it.
$(OHIF)/node_modules: $(OHIF)/package-lock.json | peers
	@if command -v npm >/dev/null; then cd $(OHIF) && npm ci && touch node_modules; \
	else echo "not installed, its test is skipped: npm"; fi

clean:
	rm -rf $(VENV) $(OHIF)/node_modules build dist
