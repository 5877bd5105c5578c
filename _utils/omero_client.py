"""
Talks to a running OMERO server. Run by the Python of the server's virtual environment, as ``python -c`` with this text:

    look    asks whether it is up and read-only; needs Ice alone, which is loaded five times as fast as all of OMERO
    apply   carries out steps of :mod:`omero_accounts` as an administrator

Reads ``{"host", "port", "user", "password", "steps"}`` from standard input, writes one line of JSON.
"""

import json
import struct
import sys
import uuid

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
    Return what the server says of itself: ``{"up": True, "db": bool, "repo": bool}``.

    Without ``db`` and ``repo`` when it refuses the user: who refuses is up.
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
        where = f"OMERO.Glacier2/router:ssl -h {login['host']} -p {login['port']}"
        router = Glacier2.RouterPrx.uncheckedCast(communicator.stringToProxy(where))
        try:
            session = router.createSession(login["user"], login["password"]).ice_router(router)
        except Glacier2.PermissionDeniedException:
            return {"up": True}
        try:
            # a proxy begins with its identity: name and category
            name, category = unpacked(invoke(session, "getConfigService", Ice.OperationMode.Normal), 2)
            config = session.ice_identity(Ice.Identity(name, category))
            said = {
                key: invoke(config, "getConfigValue", Ice.OperationMode.Idempotent, packed(READ_ONLY + key))
                for key in ("db", "repo")
            }
        finally:
            router.destroySession()
    finally:
        communicator.destroy()
    return {"up": True} | {key: unpacked(value, 1) == ["true"] for key, value in said.items()}


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

    def add_user(self, user, firstname, lastname, groups, password):
        made = self.model.ExperimenterI()
        made.omeName, made.firstName, made.lastName = map(self.rstring, (user, firstname, lastname))
        made.ldap = self.rbool(False)
        joined = self.groups([*groups, "user"])
        if password is None:
            self.admin.createExperimenter(made, joined[0], joined[1:])
        else:
            self.admin.createExperimenterWithPassword(made, self.rstring(password), joined[0], joined[1:])

    def rename(self, user, firstname, lastname):
        found = self.admin.lookupExperimenter(user)
        found.firstName, found.lastName = self.rstring(firstname), self.rstring(lastname)
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


def apply(login):
    """Carry out ``login["steps"]``, each ``{"do": name of a method, ...its arguments}``; return how many."""
    import omero

    client = omero.client(login["host"], login["port"])
    client.createSession(login["user"], login["password"])
    try:
        accounts = Accounts(client)
        for step in login["steps"]:
            getattr(accounts, step["do"])(**{key: value for key, value in step.items() if key != "do"})
    finally:
        client.closeSession()
    return {"done": len(login["steps"])}


def main(command):
    """Run a command; an error is one line on standard error, which holds nothing of the input."""
    try:
        print(json.dumps({"look": look, "apply": apply}[command](json.load(sys.stdin))))
    except Exception as exc:
        print(f"{type(exc).__name__}: {getattr(exc, 'message', '') or getattr(exc, 'reason', '')}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
