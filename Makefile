# The commands that people type. Each is a command of the package ops/ (python3 -m ops --help).

OPS := python3 -m ops

.PHONY: help setup build demo up down reset status logs test test-s3 bench eval

help: ## print this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## /\1\t/p' Makefile | expand -t 10

setup: ## fetch the servers, models and recordings that are missing (other targets do it too)
	@$(OPS) setup

build: ## set up, and build self-api and self-worker for release
	@$(OPS) build

demo: ## set up, build, start, and transcribe and search a recording (AUDIO=path for your own)
	@$(OPS) demo $(if $(AUDIO),--audio "$(AUDIO)")

up: ## build, start the stack in .self/stack, and wait until it is ready
	@$(OPS) build && $(OPS) up

down: ## stop the stack; the data stays
	@$(OPS) down

reset: ## stop the stack and remove its data
	@$(OPS) reset

status: ## print each part of the stack, its port, and whether it is ready
	@$(OPS) status

logs: ## follow the logs
	@$(OPS) logs

test: ## run every test, against servers started for the run (ARGS=… goes to cargo test)
	@$(OPS) test -- $(ARGS)

test-s3: ## run the tests of object storage against Ceph RGW
	@$(OPS) test-s3

bench: ## measure speed and memory, as ratios against peers (ONLY="decoding latency" for some)
	@$(OPS) bench $(ONLY)

eval: ## measure the quality of transcripts; with DATA=folder also of found names and search
	@$(OPS) eval $(if $(DATA),"$(DATA)")
