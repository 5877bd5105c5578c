"""
Key pairs of the user by whom a cloud knows us. The private half stays where it is.
"""

import openstack_find
import openstack_keys
import openstack_marks
import openstack_session
import openstack_steps

__virtualname__ = "openstack_key_pair"


def __virtual__():
    found = openstack_session.available()
    return __virtualname__ if found is True else found


def present(name, owner, cloud, public_key):
    """
    The user has a key pair with this public key. Servers that were made with another one keep it.

    :param owner: environment that it belongs to, for its mark, which is the key's comment
    :param cloud: entry of ``clouds.yaml``
    :param public_key: a line as in ``id_ed25519.pub``; its comment does not count

    .. code-block:: yaml

        idr-prod:
          openstack_key_pair.present:
            - owner: idr-prod
            - cloud: embassy
            - public_key: ssh-ed25519 AAAA...
    """

    def look():
        openstack_marks.check(name, owner)
        wanted = {"public_key": openstack_keys.parse(public_key)}
        compute = openstack_session.kept(__context__, cloud).compute

        def make(**_):
            compute.create_keypair(name=name, public_key=openstack_keys.marked(public_key, owner))

        def replace():
            compute.delete_keypair(name)
            make()

        found = _named(compute, name)
        if found is None:
            return openstack_steps.made("key pair", name, wanted, make)
        differing = openstack_steps.drift(wanted, {"public_key": openstack_keys.parse(found.public_key)})
        if differing and not openstack_marks.ours(found.public_key, owner):
            raise openstack_marks.refusal("key pair", name, owner, "changed", "public key's comment")
        return [openstack_steps.Step(differing, replace)] if differing else []

    return openstack_steps.apply(name, cloud, look, __opts__["test"])


def _named(compute, name):
    return openstack_find.one("key pair", name, [pair for pair in compute.keypairs() if pair.name == name])


def absent(name, owner, cloud):
    """
    The user has no key pair of this name.

    :param owner: environment that it belongs to: that of another is not removed, which is an error
    :param cloud: entry of ``clouds.yaml``

    .. code-block:: yaml

        idr-prod:
          openstack_key_pair.absent:
            - owner: idr-prod
            - cloud: embassy
    """

    def look():
        openstack_marks.check(name, owner)
        compute = openstack_session.kept(__context__, cloud).compute
        found = _named(compute, name)
        if found is None:
            return []
        if not openstack_marks.ours(found.public_key, owner):
            raise openstack_marks.refusal("key pair", name, owner, "removed", "public key's comment")
        return [openstack_steps.removal("key pair", name, lambda: compute.delete_keypair(name))]

    return openstack_steps.apply(name, cloud, look, __opts__["test"])
