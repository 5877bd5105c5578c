"""
OMERO's configuration properties: part of the execution module ``omero``.

All changes go through OMERO's own command. Values reach it in a file of mode 0600, never on its command line.
"""

import json
import os
import pathlib

import omero_config
import omero_errors
import omero_host
import omero_wait
from omero_host import OMERODIR, USER, VENV, Installation
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__


def _at(omerodir=OMERODIR, venv=VENV, user=USER):
    return Installation(__salt__, omerodir, venv, user)


def _current(omerodir):
    path = os.path.join(omerodir, "etc", "grid", "config.xml")
    try:
        with open(path, encoding="utf-8") as file:
            return omero_config.from_xml(file.read())
    except FileNotFoundError:
        return {}
    except (omero_config.ConfigError, UnicodeDecodeError) as error:
        raise CommandExecutionError(f"{path}: {error}") from None


def _load(installation, lines, lock_timeout):
    """
    Run the lines of a ``.omero`` file, again while another process holds the lock.
    """
    with omero_host.scratch(installation.user) as folder:
        omero_host.write(folder / "config.omero", lines, installation.user)

        def attempt():
            result = installation.omero("load", str(folder / "config.omero"), timeout=300)
            if not result["retcode"]:
                return True, None
            # what the command says may repeat a line, and that a secret
            silent = {"retcode": result["retcode"], "stdout": "", "stderr": ""}
            error = omero_errors.of(f"omero load for {installation.omerodir}", silent)
            return not isinstance(error, omero_errors.ConfigLocked), error

        _, error = omero_wait.until(attempt, lock_timeout)
    if error:
        raise error


def _texts(properties, secrets):
    """
    The texts of some properties, and of those whose values are pillar keys.
    """
    both = sorted(set(properties) & set(secrets))
    if both:
        raise CommandExecutionError(f"{', '.join(both)}: give it by its value or by its pillar key, not by both")
    hidden = {key: omero_host.secret(__salt__, name) for key, name in secrets.items()}
    try:
        return omero_config.to_texts({**properties, **hidden})
    except omero_config.ConfigError as error:
        raise CommandExecutionError(str(error)) from None


def config_list(show_password=False, typed=True, omerodir=OMERODIR):
    """
    The properties in config.xml; empty where nothing is configured.

    :param show_password: True shows secrets, which are masked otherwise
    :param typed: True for booleans, numbers, lists and maps, False for the texts that are stored
    :returns: map from property to value
    :raises CommandExecutionError: config.xml cannot be read

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_list
        salt idr-local-omeroreadwrite omero.config_list omerodir=/opt/omero/web/OMERO.web
    """
    found = sorted(_current(omerodir).items())
    shown = {key: text if show_password else omero_config.masked(key, text) for key, text in found}
    return {key: omero_config.typed(text) if typed else text for key, text in shown.items()}


def config_get(key, default=None, show_password=False, typed=True, omerodir=OMERODIR):
    """
    One property of config.xml.

    :param key: its name
    :param default: what is returned where it is not set; OMERO's own defaults are :func:`config_parse`'s
    :param show_password: True shows a secret, which is masked otherwise
    :param typed: True for a boolean, number, list or map, False for the text that is stored
    :raises CommandExecutionError: config.xml cannot be read

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_get omero.db.poolsize
    """
    return config_list(show_password, typed, omerodir).get(key, default)


def config_load(
    properties,
    secrets=None,
    keep=None,
    remove_unknown=True,
    test=False,
    lock_timeout=60,
    omerodir=OMERODIR,
    venv=VENV,
    user=USER,
):
    """
    Make the configuration hold these properties, by one ``omero load``.

    :param properties: map from property to a string, number, boolean, list or map (the latter stored as JSON)
    :param secrets: map from property to the pillar key of its value
    :param keep: beginnings of names; properties that begin so are left alone
    :param remove_unknown: True removes all other properties, False leaves them alone
    :param test: True changes nothing
    :param lock_timeout: seconds to wait for another process to release the configuration
    :returns: what is (or with ``test`` would be) changed: ``{property: {"old": str, "new": str}}``, secrets masked
    :raises CommandExecutionError: a property that OMERO cannot hold, a secret that is not there, an unreadable
        config.xml
    :raises OmeroError: omero fails within its limit of 300 s; ConfigLocked: another process held the lock

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_load '{omero.db.poolsize: 25}' test=True
    """
    wanted, current = _texts(properties, secrets or {}), _current(omerodir)
    steps = omero_config.plan(current, wanted, (keep or ()) if remove_unknown else ("",))
    if not test and (steps["set"] or steps["remove"]):
        _load(_at(omerodir, venv, user), omero_config.commands(steps), lock_timeout)
    return omero_config.changes(current, steps, tuple(secrets or {}))


def config_set(key, value=None, secret=None, test=False, lock_timeout=60, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Set one property; the others are left alone. A running server takes it up when it is started again.

    :param value: a string, number, boolean, list or map
    :param secret: pillar key of the value, instead of ``value``: a password has to be given so
    :param test: True changes nothing
    :returns: as :func:`config_load`, empty where it has the value already; its limits and errors as well

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_set omero.db.poolsize 30
    """
    if (value is None) == (secret is None):
        raise CommandExecutionError(f"{key}: a value or the pillar key of a secret was expected, one of the two")
    return config_load(
        {} if secret else {key: value},
        {key: secret} if secret else {},
        remove_unknown=False,
        test=test,
        lock_timeout=lock_timeout,
        omerodir=omerodir,
        venv=venv,
        user=user,
    )


def config_append(key, value, once=True, lock_timeout=60, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Append to a property that is a JSON list: what is set, otherwise OMERO.web's own default, otherwise an empty one.

    :param value: the new member
    :param once: True leaves a list alone that has it
    :returns: ``{property: {"old": str or None, "new": str}}``, empty where nothing was changed
    :raises OmeroError: BadProperty where the property is no list; see :func:`config_load` for limits

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_append omero.web.apps omero_figure omerodir=/opt/omero/web/OMERO.web
    """
    return _member("append", key, value, ("--set",) if once else (), lock_timeout, _at(omerodir, venv, user))


def config_remove(key, value=None, test=False, lock_timeout=60, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Remove a property, or a member of one that is a JSON list.

    :param value: the member; without it the whole property is removed
    :param test: True changes nothing; for a whole property only
    :returns: ``{property: {"old": str, "new": str or None}}``, empty where nothing was changed
    :raises OmeroError: BadProperty where the property is no list or does not have the member

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_remove omero.web.apps omero_figure omerodir=/opt/omero/web/OMERO.web
    """
    where = _at(omerodir, venv, user)
    if value is not None:
        return _member("remove", key, value, (), lock_timeout, where)
    current = _current(omerodir)
    steps = {"set": {}, "remove": [key] if key in current else []}
    if steps["remove"] and not test:
        _load(where, omero_config.commands(steps), lock_timeout)
    return omero_config.changes(current, steps)


def _member(action, key, value, options, lock_timeout, installation):
    """
    Let OMERO's command append to or remove from a list; return what it changed.
    """
    if not omero_config.KEY.fullmatch(str(key)):
        raise CommandExecutionError(f"{key!r}: a property's name was expected")
    before = _current(installation.omerodir).get(key)
    line = omero_config.command(action, *options, "--", key, json.dumps(value))
    _load(installation, line, lock_timeout)
    after = _current(installation.omerodir).get(key)
    # removing from a property that is not set ends with code 512, of which the system leaves 0
    if action == "remove" and before is None and after is None:
        raise omero_errors.BadProperty(f"{key}: a property that is set was expected")
    sides = {"old": before, "new": after}
    return {} if before == after else {key: {k: v and omero_config.masked(key, v) for k, v in sides.items()}}


def config_parse(typed=True, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    OMERO's own properties with their defaults, as ``omero config parse`` reads them from the release; with those of
    OMERO.web where the virtual environment has it.

    :param typed: as for :func:`config_list`
    :returns: map from property to default
    :raises OmeroError: the command fails, or does not end within 120 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_parse
    """
    # the command fails where it cannot import OMERO.web
    web = any(pathlib.Path(venv).glob("lib/python*/site-packages/omeroweb/settings.py"))
    options = ("--defaults",) if web else ("--defaults", "--no-web")
    found = omero_config.from_lines(_at(omerodir, venv, user).command("config", "parse", *options)["stdout"])
    return {key: omero_config.typed(text) if typed else text for key, text in found.items()}
