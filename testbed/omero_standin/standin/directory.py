"""Users, groups, memberships and passwords in the database. Writers take the acting user's id for their event."""

from standin.digests import digest

ROOT, GUEST, SYSTEM_GROUP, USER_GROUP, GUEST_GROUP = 0, 1, 0, 1, 2
PERMISSIONS, GLOBAL_PERMISSIONS = -56, -52  # rwr--- and rwr-r-, as OMERO stores them


class Unknown(Exception):
    """There is no such user or group."""


class Taken(Exception):
    """The name is in use."""


class Directory:
    def __init__(self, database):
        self.database = database

    def credentials(self, name):
        """(id, digest) of the user, (None, None) where there is no such user."""
        rows = self.database.rows(
            "select e.id, p.hash from experimenter e left join password p on p.experimenter_id = e.id"
            " where e.omename = %s",
            name,
        )
        return (rows[0]["id"], rows[0]["hash"]) if rows else (None, None)

    def create_group(self, actor, name, permissions, description=None):
        with self.database.transaction() as t:
            if t.rows("select id from experimentergroup where name = %s", name):
                raise Taken(f"group name in use: {name}")
            group = t.insert(
                "experimentergroup", name=name, permissions=permissions, description=description, ldap=False, version=0
            )
            t.event(actor, SYSTEM_GROUP)
            return group

    def set_permissions(self, actor, group, permissions):
        self._update(actor, "experimentergroup", group, {"permissions": permissions})

    def update_group(self, actor, group, fields):
        """fields: {column: value} of experimentergroup."""
        self._update(actor, "experimentergroup", group, fields)

    def update_user(self, actor, user, fields):
        """fields: {column: value} of experimenter."""
        self._update(actor, "experimenter", user, fields)

    def create_user(self, actor, fields, groups, password=None):
        """fields: {column: value} of experimenter; groups: ids, the default group first."""
        with self.database.transaction() as t:
            if t.rows("select id from experimenter where omename = %s", fields["omename"]):
                raise Taken(f"user name in use: {fields['omename']}")
            user = t.insert("experimenter", permissions=GLOBAL_PERMISSIONS, ldap=False, version=0, **fields)
            for group in dict.fromkeys(groups):
                self._join(t, user, group)
            if password is not None:
                self._password(t, user, password)
            t.event(actor, SYSTEM_GROUP)
            return user

    def add_groups(self, actor, user, groups):
        with self.database.transaction() as t:
            for group in groups:
                self._join(t, user, group)
            t.event(actor, SYSTEM_GROUP)

    def remove_groups(self, actor, user, groups):
        with self.database.transaction() as t:
            for group in groups:
                t.rows("delete from groupexperimentermap where child = %s and parent = %s", user, group)
            t.event(actor, SYSTEM_GROUP)

    def set_default_group(self, actor, user, group):
        with self.database.transaction() as t:
            rows = t.rows("select id, parent from groupexperimentermap where child = %s order by child_index", user)
            if group not in [row["parent"] for row in rows]:
                raise Unknown(f"user {user} is not in group {group}")
            rows.sort(key=lambda row: row["parent"] != group)
            for place, row in enumerate(rows):
                t.rows("update groupexperimentermap set child_index = %s where id = %s", place, row["id"])
            t.event(actor, SYSTEM_GROUP)

    def set_owner(self, actor, group, users, owner):
        """Make the users owners of the group, or members only; who is not in the group joins it."""
        with self.database.transaction() as t:
            for user in users:
                if owner:
                    self._join(t, user, group)
                t.rows(
                    "update groupexperimentermap set owner = %s where child = %s and parent = %s", owner, user, group
                )
            t.event(actor, SYSTEM_GROUP)

    def set_password(self, actor, user, password):
        with self.database.transaction() as t:
            self._password(t, user, password)
            t.event(actor, SYSTEM_GROUP)

    def _update(self, actor, table, number, fields):
        with self.database.transaction() as t:
            columns = ", ".join(f"{name} = %s" for name in fields)
            if not t.rows(f"update {table} set {columns} where id = %s returning id", *fields.values(), number):
                raise Unknown(f"no {table} {number}")
            t.event(actor, SYSTEM_GROUP)

    def _join(self, t, user, group):
        for table, number in (("experimenter", user), ("experimentergroup", group)):
            if not t.rows(f"select id from {table} where id = %s", number):
                raise Unknown(f"no {table} {number}")
        known = t.rows("select parent from groupexperimentermap where child = %s", user)
        if group in [row["parent"] for row in known]:
            return
        (last,) = t.rows(
            "select coalesce(max(child_index), -1) as last from groupexperimentermap where child = %s", user
        )
        t.insert(
            "groupexperimentermap",
            permissions=GLOBAL_PERMISSIONS,
            version=0,
            owner=False,
            child=user,
            parent=group,
            child_index=last["last"] + 1,
        )

    def _password(self, t, user, password):
        t.rows(
            "insert into password (experimenter_id, hash, changed) values (%s, %s, now()) on conflict (experimenter_id)"
            " do update set hash = excluded.hash, changed = excluded.changed",
            user,
            digest(password, user) if password.strip() else password,
        )
