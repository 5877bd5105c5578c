"""
What marks servers, volumes, snapshots and floating IPs as made by a provider of the OpenStack driver.

Servers, volumes and snapshots carry it as metadata, floating IPs in their description. Nothing here has side effects.
"""

PREFIX = "salt-cloud-"
BUILDING, READY = "building", "ready"
DESCRIBED = "salt-cloud"
DESCRIPTION_KEYS = ("provider", "host", "request", "keep", "protected")


def made(provider, host, request, **more):
    """
    Return the metadata of something that is made for a host.

    provider
        Alias of the provider.
    host
        Name of the host; empty for a volume or snapshot that is nobody's.
    request
        Id of the call that makes it, by which its leavings are found.
    more
        Further marks; those that are None or False are left out, True becomes ``true``.
    """
    marks = {"provider": provider, "host": host, "request": request, **more}
    return {
        f"{PREFIX}{key}": "true" if value is True else str(value)
        for key, value in marks.items()
        if value not in (None, False)
    }


def read(metadata):
    """Return the marks in metadata as ``{key: text}`` without the prefix."""
    return {key.removeprefix(PREFIX): value for key, value in (metadata or {}).items() if key.startswith(PREFIX)}


def others(metadata):
    """Return what of the metadata is not a mark of ours."""
    return {key: value for key, value in (metadata or {}).items() if not key.startswith(PREFIX)}


def to_description(metadata):
    """Return marks as a floating IP's description, of at most 255 characters: only those by which it is known."""
    marks = read(metadata)
    return " ".join([DESCRIBED, *(f"{key}={marks[key]}" for key in DESCRIPTION_KEYS if key in marks)])


def of_description(text):
    """Return the marks in a floating IP's description, as :func:`read` does; none where it is not one of ours."""
    words = (text or "").split()
    if words[:1] != [DESCRIBED]:
        return {}
    return dict(word.split("=", 1) for word in words if "=" in word)
