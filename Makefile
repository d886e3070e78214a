# What people type. Each target is a command of the package ops/ (python3 -m ops --help).

OPS := python3 -m ops

.PHONY: help setup build demo up down reset status logs test test-s3 bench eval

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## /\1\t/p' Makefile | expand -t 10

setup: ## fetch what is missing: servers, models, recordings (every other target does it too)
	@$(OPS) setup

build: ## set up, and build self-api and self-worker for release
	@$(OPS) build

demo: ## from nothing to a transcript that can be searched (AUDIO=path for a recording of yours)
	@$(OPS) demo $(if $(AUDIO),--audio "$(AUDIO)")

up: ## start the stack in .self/stack and wait until it serves
	@$(OPS) build && $(OPS) up

down: ## stop it; the data stays
	@$(OPS) down

reset: ## stop it and remove its data
	@$(OPS) reset

status: ## what runs, where, and whether it serves
	@$(OPS) status

logs: ## follow the logs
	@$(OPS) logs

test: ## every test, against servers of its own (ARGS=… goes to cargo test)
	@$(OPS) test -- $(ARGS)

test-s3: ## the object storage suite against Ceph RGW
	@$(OPS) test-s3

bench: ## speed and memory, as ratios against peers (ONLY="decoding latency" for some)
	@$(OPS) bench $(ONLY)

eval: ## how well speech is heard; with DATA=a folder of documents, names found and search too
	@$(OPS) eval $(if $(DATA),"$(DATA)")
