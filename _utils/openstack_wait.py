"""
Waiting with a limit, and repeating what failed for the moment.
"""

import logging
import time

import openstack_errors
from cloud_errors import CloudError

log = logging.getLogger(__name__)

# seconds between two looks: a part of the time that it has taken already, at least and at most so many
SHARE, LEAST, MOST = 0.2, 0.5, 5
# seconds before what failed is tried again, doubled each time
RETRY_FIRST, RETRY_MOST = 0.5, 16


def until(look, limit, what):
    """
    Call ``look`` until it returns something that is true, and return that.

    limit
        Seconds, after which a :class:`cloud_errors.CloudError` says that ``what`` did not happen in time.
    """
    begun = time.monotonic()
    while True:
        found = look()
        if found:
            return found
        spent = time.monotonic() - begun
        if spent >= limit:
            raise CloudError(f"{what}: not within {limit} seconds")
        time.sleep(min(max(SHARE * spent, LEAST), MOST, limit - spent))


def once(make, find, retries):
    """
    Call ``make`` so that what it makes exists once, whatever happens to requests and answers on their way.

    Where a lost connection or an error of the service leaves open whether it was made, ``find`` looks for it before
    it is made again.

    make
        Makes something and returns it.
    find
        Returns what ``make`` has made, or None.
    retries
        How many more times ``make`` may be called.
    """
    pause = RETRY_FIRST
    while True:
        try:
            return make()
        except Exception as exc:
            # what was refused for now openstack_session has asked for again already
            if retries <= 0 or not openstack_errors.is_open(exc):
                raise
            asked = max(pause, openstack_errors.asked_pause(exc))
            log.info("Trying again in %s seconds: %s", asked, openstack_errors.in_words(exc))
        time.sleep(asked)
        found = find()
        if found is not None:
            return found
        retries, pause = retries - 1, min(pause * 2, RETRY_MOST)
