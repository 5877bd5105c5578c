.PHONY: up down test test-cloud lint

up:
	@testbed/run up

down:
	@testbed/run down

test:
	@testbed/run test $(PYTEST_ARGS)

test-cloud:
	@testbed/run test tests/cloud

lint:
	@testbed/run lint
