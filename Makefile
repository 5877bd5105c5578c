.PHONY: up down test test-cloud test-endurance test-vagrant lint

up:
	@testbed/run up

down:
	@testbed/run down

test:
	@testbed/run test $(PYTEST_ARGS)

test-cloud:
	@testbed/run test tests/cloud

test-endurance:
	@testbed/run test tests/local/endurance

test-vagrant:
	@testbed/run test tests/vagrant

lint:
	@testbed/run lint
