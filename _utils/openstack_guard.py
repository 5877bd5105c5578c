"""
Who may destroy what is protected: the servers and volumes of an environment that others use.

A profile or map says ``protected: NAME``, which becomes a mark of the server and its volumes. Nothing here has side
effects.
"""

from cloud_errors import CloudError


def refuse_serving(name, protected, serving):
    """
    Refuse to destroy what belongs to a protected environment while one of its floating IPs leads to a server.

    serving
        ``{address: server name}`` of that environment.
    """
    if protected and serving:
        addresses = ", ".join(f"{address} ({server})" for address, server in sorted(serving.items()))
        raise CloudError(
            f"{name}: {protected} is protected and serves at {addresses}; expected none: swap or detach it first with "
            "salt-cloud -a swap_floating_ip or -a detach_floating_ip"
        )


def refuse_unconfirmed(name, protected, answer, allowed):
    """
    Refuse to destroy something protected without a word from someone who means it.

    answer
        What was typed, or None where nobody could be asked.
    allowed
        Whether the environment's pillar says ``environment:destroy: true``.
    """
    if not protected or answer == protected or (answer is None and allowed):
        return
    if answer is None:
        raise CloudError(
            f"{name}: {protected} is protected; expected environment:destroy: true in its pillar where nobody can be "
            "asked, as with --assume-yes or --parallel"
        )
    raise CloudError(f"{name}: {protected} is protected; expected its name to be typed, got {answer!r}")
