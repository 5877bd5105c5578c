.PHONY: up down test lint

up:
	@testbed/run up

down:
	@testbed/run down

test:
	@testbed/run test $(PYTEST_ARGS)

lint:
	@testbed/run lint
