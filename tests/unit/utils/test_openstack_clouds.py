"""Files of clouds that are no YAML are refused without a word of what is in them, by driver and states alike."""

import types

import openstack_clouds
import openstack_session
import pytest
from cloud_errors import CloudError

BROKEN = "clouds:\n  lab:\n    auth: {password: sesame-open\n"


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Path of a clouds.yaml that openstacksdk would pass over."""
    path = tmp_path / "clouds.yaml"
    path.write_text(BROKEN)
    monkeypatch.delenv("OS_CLIENT_SECURE_FILE", raising=False)
    return path


def test_it_is_named_with_its_line_and_nothing_else(broken, monkeypatch):
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(broken))
    with pytest.raises(
        CloudError, match=rf"cloud lab: {broken}: expected YAML, found something else at line \d"
    ) as told:
        openstack_clouds.check("lab")
    assert "sesame" not in str(told.value)


def test_one_that_is_given_is_the_one_that_counts(broken, tmp_path, monkeypatch):
    good = tmp_path / "good.yaml"
    good.write_text("clouds: {}\n")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(broken))
    openstack_clouds.check("lab", str(good))
    with pytest.raises(CloudError, match=r"clouds\.yaml"):
        openstack_clouds.check("lab", str(broken))


def test_the_driver_does_not_go_on_with_it(broken, caplog):
    provider = types.SimpleNamespace(
        alias="embassy", clouds_yaml=str(broken), cloud="lab", retries=1, region_name=None, login={}, api_timeout=5
    )
    with pytest.raises(CloudError, match="expected YAML"):
        openstack_session.connect(provider)
    assert "sesame" not in caplog.text
