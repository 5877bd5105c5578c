"""
Talks to a running OMERO server. Run by the Python of the server's virtual environment, as ``python -c`` with this text:

    look    asks whether it is up and read-only; needs Ice alone, which is loaded five times as fast as all of OMERO
    apply   carries out steps of :mod:`omero_accounts` as an administrator
    hql     asks a query
    who     lists the open sessions

Reads ``{"host", "port", "user", "password", ...}`` from standard input, writes one line of JSON.
"""

import json
import struct
import sys
import time
import uuid

AGENT = "OMERO.salt"
READ_ONLY = "omero.cluster.read_only.runtime."
ICE = {
    "Ice.ImplicitContext": "Shared",
    "Ice.Override.ConnectTimeout": "5000",
    "Ice.Override.Timeout": "20000",
    "Ice.Plugin.IceSSL": "IceSSL:createIceSSL",
    "Ice.RetryIntervals": "-1",
    "IceSSL.Ciphers": "HIGH:!DHE",
    "IceSSL.ProtocolVersionMax": "TLS1_3",
    "IceSSL.VerifyPeer": "0",
}


def packed(text):
    """Return a string as Ice encodes it: its size in one byte, or from 255 on in four more, and UTF-8."""
    data = text.encode()
    size = bytes([len(data)]) if len(data) < 255 else b"\xff" + struct.pack("<i", len(data))
    return size + data


def unpacked(data, count):
    """Return the ``count`` strings that Ice encoded at the beginning of ``data``."""
    found, at = [], 0
    for _ in range(count):
        size, at = data[at], at + 1
        if size == 255:
            size, at = struct.unpack_from("<i", data, at)[0], at + 4
        found.append(data[at : at + size].decode())
        at += size
    return found


def sealed(payload):
    """Return what Ice calls an encapsulation: size, version of the encoding, payload."""
    return struct.pack("<iBB", len(payload) + 6, 1, 1) + payload


def invoke(proxy, operation, mode, payload=b""):
    """Call an operation without its generated code; return the answer's payload."""
    done, answer = proxy.ice_invoke(operation, mode, sealed(payload))
    if not done:
        raise RuntimeError(f"{operation}: the server answered with an exception")
    return answer[6:]


def look(login):
    """
    Return what the server says of itself: ``{"up": True, "db": bool, "repo": bool, "version": str}``.

    Nothing but ``up`` when it refuses the user: who refuses is up.
    """
    import Glacier2
    import Ice

    data = Ice.InitializationData()
    data.properties = Ice.createProperties()
    for key, value in ICE.items():
        data.properties.setProperty(key, value)
    communicator = Ice.initialize(data)
    try:
        communicator.getImplicitContext().put("omero.client.uuid", str(uuid.uuid4()))
        communicator.getImplicitContext().put("omero.agent", AGENT)
        where = f"OMERO.Glacier2/router:ssl -h {login['host']} -p {login['port']}"
        router = Glacier2.RouterPrx.uncheckedCast(communicator.stringToProxy(where))
        try:
            session = router.createSession(login["user"], login["password"]).ice_router(router)
        except Glacier2.PermissionDeniedException:
            return {"up": True}
        try:
            # otherwise the session stays open until it has been idle for long enough
            invoke(session, "closeOnDestroy", Ice.OperationMode.Normal)
            # a proxy begins with its identity: name and category
            name, category = unpacked(invoke(session, "getConfigService", Ice.OperationMode.Normal), 2)
            config = session.ice_identity(Ice.Identity(name, category))
            said = {
                key: invoke(config, "getConfigValue", Ice.OperationMode.Idempotent, packed(READ_ONLY + key))
                for key in ("db", "repo")
            }
            version = unpacked(invoke(config, "getVersion", Ice.OperationMode.Idempotent), 1)[0]
        finally:
            router.destroySession()
    finally:
        communicator.destroy()
    flags = {key: unpacked(value, 1) == ["true"] for key, value in said.items()}
    return {"up": True, "version": version, **flags}


class Accounts:
    """The steps of :func:`omero_accounts.plan`, by the server's own administration service."""

    def __init__(self, client):
        import omero.model
        from omero.rtypes import rbool, rstring

        self.client, self.admin = client, client.sf.getAdminService()
        self.model, self.rbool, self.rstring = omero.model, rbool, rstring

    def groups(self, names):
        return [self.model.ExperimenterGroupI(self.admin.lookupGroup(name).id.val, False) for name in names]

    def users(self, names):
        return [self.model.ExperimenterI(self.admin.lookupExperimenter(name).id.val, False) for name in names]

    def add_group(self, group, permissions):
        made = self.model.ExperimenterGroupI()
        made.name, made.ldap = self.rstring(group), self.rbool(False)
        made.details.permissions = self.model.PermissionsI(permissions)
        self.admin.createGroup(made)

    def permit(self, group, permissions):
        import omero.cmd

        number = self.admin.lookupGroup(group).id.val
        chmod = omero.cmd.Chmod2(targetObjects={"ExperimenterGroup": [number]}, permissions=permissions)
        # asked twice a second: the data of a large group take a while
        self.client.submit(chmod, loops=240)

    def add_user(self, user, groups, password, **described):
        made = self.model.ExperimenterI()
        made.omeName, made.ldap = self.rstring(user), self.rbool(False)
        self._fill(made, described)
        joined = self.groups([*groups, "user"])
        if password is None:
            self.admin.createExperimenter(made, joined[0], joined[1:])
        else:
            self.admin.createExperimenterWithPassword(made, self.rstring(password), joined[0], joined[1:])

    def _fill(self, user, described):
        names = {"firstname": "firstName", "lastname": "lastName"}
        for key, value in described.items():
            setattr(user, names.get(key, key), self.rstring(value))

    def describe(self, user, **described):
        found = self.admin.lookupExperimenter(user)
        self._fill(found, described)
        self.admin.updateExperimenter(found)

    def join(self, user, groups):
        self.admin.addGroups(self.users([user])[0], self.groups(groups))

    def leave(self, user, groups):
        self.admin.removeGroups(self.users([user])[0], self.groups(groups))

    def default(self, user, group):
        self.admin.setDefaultGroup(self.users([user])[0], self.groups([group])[0])

    def own(self, user, group):
        self.admin.addGroupOwners(self.groups([group])[0], self.users([user]))

    def disown(self, user, group):
        self.admin.removeGroupOwners(self.groups([group])[0], self.users([user]))

    def password(self, user, password):
        self.admin.changeUserPassword(user, self.rstring(password))


def instant(milliseconds):
    """Return OMERO's time as ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))


def plain(value, deep=True):
    """Return a value of a query's answer as JSON has it; of objects their own properties, of those only the number."""
    import omero
    from omero.rtypes import unwrap

    if isinstance(value, omero.RTime):
        return instant(value.val)
    if isinstance(value, (omero.RObject, omero.RList, omero.RMap)):
        value = value.val
    if isinstance(value, omero.model.IObject):
        found = {"class": type(value).__name__.removesuffix("I"), "id": unwrap(value.id)}
        # _id and the properties that the query loaded
        own = vars(value).items() if deep else ()
        return found | {
            key.lstrip("_"): plain(member, False)
            for key, member in sorted(own)
            if key.startswith("_") and isinstance(member, (omero.RType, omero.model.IObject)) and key != "_id"
        }
    if isinstance(value, omero.model.Permissions):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [plain(member, deep) for member in value]
    if isinstance(value, dict):
        return {key: plain(member, deep) for key, member in value.items()}
    return unwrap(value)


def parameter(value):
    """Return a query's parameter as OMERO has it: numbers are long, where omero-py would make int of Python's."""
    from omero.rtypes import rlist, rlong, wrap

    if isinstance(value, list):
        return rlist([parameter(member) for member in value])
    return rlong(value) if type(value) is int else wrap(value)


def hql(login, client):
    """Return the rows of ``login["query"]``, each a list of :func:`plain` values."""
    import omero.sys

    given = omero.sys.ParametersI()
    given.page(login["offset"], login["limit"])
    for key, value in login["parameters"].items():
        given.add(key, parameter(value))
    context = {"omero.group": "-1"} if login["all_groups"] else {}
    rows = client.sf.getQueryService().projection(login["query"], given, context)
    return [[plain(value) for value in row] for row in rows]


def who(login, client):
    """Return the open sessions, without their keys; the user may see only its own."""
    import omero.cmd

    callback = client.submit(omero.cmd.CurrentSessionsRequest())
    try:
        answer = callback.getResponse()
    finally:
        callback.close(True)
    found = []
    for session, context in zip(answer.sessions, answer.contexts, strict=True):
        one = {"user": context.userName, "group": context.groupName}
        if session is not None:
            one |= {
                "since": instant(session.started.val),
                "agent": session.userAgent.val if session.userAgent else None,
                "idle_limit": session.timeToIdle.val // 1000 if session.timeToIdle else None,
                "own": context.sessionUuid == client.getSessionId(),
            }
        found.append(one)
    return found


def apply(login, client):
    """Carry out ``login["steps"]``, each ``{"do": name of a method, ...its arguments}``; return how many."""
    accounts = Accounts(client)
    for step in login["steps"]:
        getattr(accounts, step["do"])(**{key: value for key, value in step.items() if key != "do"})
    return {"done": len(login["steps"])}


def connected(command):
    """Return a command that takes ``login`` alone from one that takes a client in session as well."""

    def call(login):
        import omero.all  # noqa: F401

        client = omero.client(login["host"], login["port"])
        client.setAgent(AGENT)
        client.createSession(login["user"], login["password"])
        try:
            return command(login, client)
        finally:
            # closeSession alone leaves the session open until it has been idle for long enough
            client.killSession()

    return call


def main(command):
    """Run a command; an error is one line on standard error, which holds nothing of the input."""
    try:
        known = {"look": look, **{call.__name__: connected(call) for call in (apply, hql, who)}}
        print(json.dumps(known[command](json.load(sys.stdin))))
    except Exception as exc:
        print(f"{type(exc).__name__}: {getattr(exc, 'message', '') or getattr(exc, 'reason', '')}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
