"""
Named errors of the ``omero`` command, from its exit codes.

The system keeps the lowest eight bits of a code, and one code means different things in different commands: 112 is a
held lock for ``omero config`` and a bypassed service manager for ``omero admin``. So a code is looked up by command.
The codes are those of omero-py 5.23: omero/plugins/{admin,prefs,sessions,hql,user,group}.py and omero/cli.py.
"""

from salt.exceptions import CommandExecutionError

MASK = "********"
LINES, WIDTH = 3, 300


class OmeroError(CommandExecutionError):
    """An ``omero`` command failed; ``code`` is its exit code, None where it had none."""

    words = "the command failed"
    code: int | None = None

    @classmethod
    def because(cls, text):
        """Return an error whose message begins with the class's plain words."""
        return cls(f"{sentence(cls)}: {text}")


class TimedOut(OmeroError):
    words = "the time limit was reached, and the command ended"


class ServiceFailed(OmeroError):
    words = "the service manager could not do it"


class NotConfigured(OmeroError):
    words = "the server is not configured: its etc/internal.cfg is missing, which its first start writes"


class AlreadyRunning(OmeroError):
    words = "the server is running already"


class NotRunning(OmeroError):
    words = "the server is not running"


class StartTimedOut(OmeroError):
    words = "the server did not come up in time"


class StopTimedOut(OmeroError):
    words = "the server did not go down in time"


class NoDataFolder(OmeroError):
    words = "the data folder, or the server's folder var, is not there"


class NoAccess(OmeroError):
    words = "a folder of the server may not be read or written by its user"


class BadMemory(OmeroError):
    words = "the memory settings omero.jvmcfg.* cannot be used"


class WrongIce(OmeroError):
    words = "this version of Ice does not fit OMERO's"


class NotThroughService(OmeroError):
    words = "the server may only be started and stopped by the service manager"


class ConfigLocked(OmeroError):
    words = "the configuration is locked by another process"


class ConfigUnreadable(OmeroError):
    words = "the configuration cannot be read"


class ConfigReadOnly(OmeroError):
    words = "the configuration may not be written"


class BadProperty(OmeroError):
    words = "this is not a name or a value of a property"


class IndexerRunning(OmeroError):
    words = "the background indexer runs; reindex with prepare first"


class ConnectionRefused(OmeroError):
    words = "nothing answers at the server's port"


class UnknownHost(OmeroError):
    words = "the server's name is unknown"


class ConnectionFailed(OmeroError):
    words = "no session could be made"


class LoginRefused(OmeroError):
    words = "the server refuses the user or the password"


class NotAllowed(OmeroError):
    words = "the server does not allow this to the user"


class BadQuery(OmeroError):
    words = "the server does not understand the query"


class NoSuchThing(OmeroError):
    words = "there is no such user, group or object"


class ExistsAlready(OmeroError):
    words = "there is one of this name already"


class ReadOnly(OmeroError):
    words = "this server may not change the repository, it is read-only"


class MailFailed(OmeroError):
    words = "the server could not send the mails"


class UpgradeCheckFailed(OmeroError):
    words = "the list of releases could not be asked"


_LOGIN: dict[int, type[OmeroError]] = {
    11: LoginRefused,  # 523 bad session key
    12: LoginRefused,  # 524 three wrong passwords
    13: LoginRefused,  # 525 the user's account
    52: LoginRefused,  # 564 no terminal to ask for a password: it was wrong, or there was none
    42: ConnectionRefused,  # 554
    43: UnknownHost,  # 555
    44: ConnectionFailed,  # 556
    45: NotAllowed,  # 557
}
_FOLDERS: dict[int, type[OmeroError]] = {8: NoDataFolder, 10: NoAccess}
_ADMIN: dict[int, type[OmeroError]] = _FOLDERS | {
    11: BadMemory,
    62: NotConfigured,  # 574
    65: ConfigUnreadable,  # 577
    66: IndexerRunning,  # 578
    77: ConfigReadOnly,  # 333
    100: AlreadyRunning,
    108: AlreadyRunning,  # 876
    111: ConfigLocked,
    112: NotThroughService,
    164: WrongIce,
    43: StartTimedOut,
    44: StopTimedOut,
    54: StopTimedOut,
}
_CONFIG: dict[int, type[OmeroError]] = {
    112: ConfigLocked,
    113: ConfigUnreadable,
    124: ConfigUnreadable,
    77: ConfigReadOnly,
    250: BadProperty,  # 506 name
    254: BadProperty,  # 510 no JSON
    255: BadProperty,  # 511 no list
    1: BadProperty,  # 513 value not in the list
    2: BadProperty,  # 514 and 515: OMERO.web's default is not there or no list
    3: BadProperty,
}
_PEOPLE: dict[int, type[OmeroError]] = _LOGIN | {
    3: ExistsAlready,
    66: ExistsAlready,
    68: NotAllowed,
    200: LoginRefused,  # 456
    201: NoSuchThing,  # 457
}
# the most particular first
CODES: tuple[tuple[str, dict[int, type[OmeroError]]], ...] = (
    ("omero admin status", _ADMIN | {1: NotRunning}),
    ("omero admin stop", _ADMIN | {1: NotRunning}),
    ("omero admin cleanse", _LOGIN | _FOLDERS | {111: ConfigLocked}),
    ("omero admin fixpyramids", _LOGIN | _FOLDERS | {111: ConfigLocked}),
    ("omero admin removepyramids", _LOGIN),
    ("omero admin email", _LOGIN | {13: MailFailed}),
    ("omero admin checkupgrade", _ADMIN | {2: UpgradeCheckFailed}),
    ("omero admin", _ADMIN),
    ("omero config", _CONFIG),
    ("omero load", _CONFIG),
    ("omero user", _PEOPLE),
    ("omero group", _PEOPLE),
    ("omero hql", _LOGIN | {52: BadQuery, 53: NotAllowed, 54: NotAllowed}),
    ("omero", _LOGIN),
)


def clean(text, secrets=()):
    """
    Return a text without some values.

    :param secrets: what must not be seen; the empty ones count for nothing
    """
    for value in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def sentence(found):
    """Return the plain words of a class of errors as a message begins with them."""
    return found.words[0].upper() + found.words[1:]


def kind(what, code):
    """
    Return the class of the error that a command's exit code means.

    :param what: the command as it is typed, such as ``omero admin start``
    :param code: its exit code; more than eight bits are cut off, as the system does
    """
    for beginning, codes in CODES:
        if what == beginning or what.startswith(f"{beginning} "):
            return codes.get(code % 256, OmeroError)
    return OmeroError


def of(what, result, secrets=()):
    """
    Return the error of a command that failed: its class's plain words, the command, and the last lines that it said.

    :param what: the command as it is typed, without what is secret
    :param result: what ``cmd.run_all`` returned
    :param secrets: values that are shown as asterisks wherever they are
    """
    said = clean(f"{result['stdout']}\n{result['stderr']}", secrets)
    code = result["retcode"]
    # Salt ends a command at its limit with this text and code 1
    if code == 1 and " : Timed out after " in said:
        found, last = TimedOut, [f"after {said.rsplit(' : Timed out after ', 1)[1].strip()}"]
    else:
        found = kind(what, code)
        # given a wrong password the command fails to ask for another, and calls that a failed connection
        if found is ConnectionFailed and "cannot request password" in said:
            found = LoginRefused
        last = [line.strip()[:WIDTH] for line in said.splitlines() if line.strip()][-LINES:]
    error = found.because(f"{clean(what, secrets)}, exit code {code}: {' / '.join(last)}".removesuffix(": "))
    error.code = code
    return error
