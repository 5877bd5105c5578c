"""
What a site must do before it may be the public one: pages, API, pictures, the list of servers, and a cache that keeps.
"""

import json
import secrets

# Each is looked at, whatever the others say; a picture needs an image, which the API tells.
PAGES = {
    "start page": ("/", "text/html", ""),
    "webclient": ("/webclient/?experimenter=-1", "text/html", "Webclient"),
    "health": ("/webclient/keepalive_ping/", "", "OK"),
    "servers": ("/connection/omero-client.json", "application/json", ""),
    "api": ("/api/v0/m/projects/", "application/json", '"data"'),
}
IMAGES = "/api/v0/m/images/?limit=1"
PICTURES = ("/webgateway/render_thumbnail/{}/", "/webgateway/render_image/{}/0/0/")


def looked(get):
    """
    Look at all of it.

    :param get: :meth:`idr_visit.Visitor.get`
    :returns: ``{what: what is wrong, empty when all is well}``
    """
    found = {name: _wrong(get, *page) for name, page in PAGES.items()}
    try:
        image = _image(get)
    except ValueError as exc:
        return {**found, "images": str(exc)}
    pictures = (_wrong(get, path.format(image), "image/") for path in PICTURES)
    return {**found, "images": next(filter(None, pictures), ""), "cache": _cache(get, PICTURES[0].format(image))}


def _wrong(get, path, kind, holds=""):
    try:
        _checked(get, path, kind, holds)
    except ValueError as exc:
        return str(exc)
    return ""


def _checked(get, path, kind, holds=""):
    status, headers, body, at = get(path)
    if status != 200:
        raise ValueError(f"{path}: expected status 200, found {status}")
    found = headers.get("Content-Type", "")
    if not found.startswith(kind):
        raise ValueError(f"{path}: expected {kind}, found {found}")
    if "/login" in at:
        raise ValueError(f"{path}: expected a page that needs no login, found {at}")
    if holds not in body.decode(errors="replace"):
        raise ValueError(f"{path}: expected {holds!r} in the page, found {len(body)} bytes without")
    return headers, body


def _image(get):
    body = _checked(get, IMAGES, "application/json")[1]
    try:
        return int(json.loads(body)["data"][0]["@id"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{IMAGES}: expected images with ids") from None
    except IndexError:
        raise ValueError(f"{IMAGES}: expected an image, found none") from None


def _cache(get, path):
    """The same page twice, which nobody has asked for before."""
    path, seen = f"{path}?smoke={secrets.token_hex(6)}", []
    try:
        for _ in range(2):
            headers, _body = _checked(get, path, "image/")
            seen.append(headers.get("X-Cache", "none"))
    except ValueError as exc:
        return str(exc)
    return "" if seen == ["MISS", "HIT"] else f"{path}: expected X-Cache MISS, then HIT, found {', then '.join(seen)}"
