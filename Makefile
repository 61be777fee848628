# make demo   sets up and runs the chain on the sample clip
# make test   sets up and runs every test
# make fuzz   ten thousand damaged inputs
# POSE_ENV=/some/folder lets several clones share one environment.

POSE_ENV ?= .venv
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.10 python3,$(shell command -v $(p) 2>/dev/null)))
RUN = $(POSE_ENV)/bin/python

.PHONY: setup demo test fuzz benchmark lock clean

setup:
	@$(PYTHON) tools/setup_env.py $(POSE_ENV)

demo: setup
	@$(RUN) tools/demo.py --sample --out-dir demo/output --force

test: setup
	@$(RUN) -m pytest

# 10,000 damaged inputs and every moment of a kill: an hour at most
fuzz: setup
	@POSE_FUZZ=10500 POSE_NIGHTLY=1 $(RUN) -m pytest tests/fuzz tests/batch

# pins and hashes of every package, for Python 3.11 on x86-64 Linux
lock:
	@$(RUN) tools/lock.py

benchmark: setup
	@$(RUN) tools/benchmark.py

clean:
	rm -rf demo/output output build dist .pytest_cache *.egg-info
