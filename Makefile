# make demo   sets up and runs the chain on the sample clip
# make test   sets up and runs every test
# POSE_ENV=/some/folder lets several clones share one environment.

POSE_ENV ?= .venv
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.10 python3,$(shell command -v $(p) 2>/dev/null)))
RUN = $(POSE_ENV)/bin/python

.PHONY: setup demo test benchmark clean

setup:
	@$(PYTHON) tools/setup_env.py $(POSE_ENV)

demo: setup
	@$(RUN) tools/demo.py --sample --out-dir demo/output --force

test: setup
	@$(RUN) -m pytest

benchmark: setup
	@$(RUN) tools/benchmark.py

clean:
	rm -rf demo/output output .pytest_cache
