.PHONY: up down test test-anywhere test-cloud test-endurance test-vagrant lint

up:
	@testbed/run up

down:
	@testbed/run down

test:
	@testbed/run test $(PYTEST_ARGS)

test-anywhere:
	@testbed/run test tests/local/test_all_in_one.py tests/local/test_zz_down.py

test-cloud:
	@testbed/run test tests/cloud tests/local/test_openstack_release.py tests/local/test_zz_down.py

test-endurance:
	@testbed/run test tests/local/endurance

test-vagrant:
	@testbed/run test tests/vagrant

lint:
	@testbed/run lint
