"""
Whether an environment could be the public site now.
"""

import idr_ids
import idr_keys
import idr_minions
import omero_wait
from salt.exceptions import CommandExecutionError


class Proof:
    """
    :param opts: options of the master
    :param environment: its name
    :raises ValueError: it has no proxy or no read-only server
    """

    def __init__(self, opts, environment):
        self.minions = idr_minions.Minions(opts)
        self.proxies = idr_keys.having(opts, environment, "proxy")
        self.readers = idr_keys.readers(opts, environment)
        for role, found in (("proxy", self.proxies), (idr_ids.READER, self.readers)):
            if not found:
                raise ValueError(f"{environment}: expected a host of role {role} with an accepted key, found none")

    def wrong(self):
        """
        What speaks against it: what its front end shows is looked at, and each read-only server is logged into.

        :returns: list of lines, empty when all is well
        """
        answers, errors = self.minions.each(self.proxies, "frontend.smoke", limit=600)
        found = list(errors.values())
        for host, checks in sorted(answers.items()):
            found += [f"{host}: {what}: {why}" for what, why in checks.items() if why]
        unwell = ((host, self.minions.unwell(host)) for host in self.readers)
        return [*found, *(f"{host}: {why}" for host, why in unwell if why)]

    def require(self, patience=0):
        """
        :param patience: seconds for it to become good
        :raises CommandExecutionError: something speaks against it; says what
        """

        def good():
            found = self.wrong()
            return not found, found

        done, found = omero_wait.until(good, patience, interval=3)
        if not done:
            raise CommandExecutionError("; ".join(found))
