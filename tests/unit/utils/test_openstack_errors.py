"""What OpenStack's services say, in words."""

import datetime
import email.utils

import openstack_errors
import pytest


class Answer(Exception):
    """As openstacksdk's exceptions are."""

    def __init__(self, status, details=None, text="a text"):
        super().__init__(text)
        self.status_code, self.details = status, details


class ConnectFailure(Exception):
    """As keystoneauth's is."""


# in the words of Nova, Cinder and Neutron
QUOTAS = [
    ("Quota exceeded for cores: Requested 4, but already used 0 of 1 cores", "cores"),
    (
        "Quota exceeded for instances, ram: Requested 1, 512, but already used 1, 512 of 1, 600 instances, ram",
        "instances, ram",
    ),
    (
        "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. "
        "Requested 2G, quota is 1G and 0G has been consumed.",
        "gigabytes",
    ),
    ("VolumeLimitExceeded: Maximum number of volumes allowed (0) exceeded for quota 'volumes'.", "volumes"),
    ("SnapshotLimitExceeded: Maximum number of snapshots allowed (1) exceeded", "snapshots"),
    ("Quota exceeded for resources: ['floatingip'].", "floatingip"),
    ("Quota exceeded, too many server groups.", "server groups"),
    ("Quota exceeded, too many key pairs.", "key pairs"),
    ("Maximum number of ports exceeded", "ports"),
]


@pytest.mark.parametrize(("text", "name"), QUOTAS)
def test_a_quota_has_a_name(text, name):
    assert openstack_errors.quota(text) == name
    assert openstack_errors.in_words(Answer(403, text)) == f"the quota of {name} is used up: {text}"


@pytest.mark.parametrize(
    "text", ["Flavor's disk is too small", "Volume size exceeds the image's", "exceeded its limit"]
)
def test_other_refusals_are_no_quota(text):
    assert openstack_errors.quota(text) is None


def test_words_have_the_status_and_no_line_ends():
    assert openstack_errors.in_words(Answer(409, "it is\nin use")) == "it is in use (HTTP 409)"
    assert openstack_errors.in_words(Answer(404, None, "404: gone")) == "404: gone"
    assert openstack_errors.in_words(ValueError("plain")) == "plain"
    assert openstack_errors.in_words(Answer(401, "no")).startswith("the cloud refused the login, expected valid")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_after_these_nobody_knows(status):
    assert openstack_errors.is_open(Answer(status))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429])
def test_after_these_nothing_was_done(status):
    assert not openstack_errors.is_open(Answer(status))


def test_a_lost_connection_leaves_it_open():
    assert openstack_errors.is_open(ConnectFailure())
    assert not openstack_errors.is_open(ValueError())


def test_missing():
    assert openstack_errors.is_missing(Answer(404))
    assert not openstack_errors.is_missing(Answer(409))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("0", 0), ("-5", 0), ("86400", 60), (None, None), ("", None), ("soon", None), ("1.5", None)],
)
def test_a_pause_is_what_is_asked_for_within_its_limit(text, seconds):
    assert openstack_errors.retry_after(text, 60) == seconds


def test_a_pause_may_be_given_as_a_date():
    def in_seconds(seconds):
        then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        return email.utils.format_datetime(then, usegmt=True)

    assert 25 <= openstack_errors.retry_after(in_seconds(30), 60) <= 30
    assert openstack_errors.retry_after(in_seconds(3600), 60) == 60
    assert openstack_errors.retry_after(in_seconds(-3600), 60) == 0
