# One command each for what people and CI do; `make` alone lists them.

.PHONY: help test lint types docs bench ci

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/'

test: ## the whole test suite, on two processes
	python -m pytest -n 2 --dist loadfile

lint: ## style and format
	ruff check .
	ruff format --check .

types: ## types; strict for the model
	pyright

docs: ## write the generated parts of the documentation again
	python -m capexrisk_addin.docs

bench: ## benchmarks, with ratios against peers in the same run
	python tests/benchmarks/model.py
	python tests/benchmarks/recalc.py

ci: lint types test ## what CI runs
