"""IAdmin: users, groups and passwords. Changes go to the database, and are seen by all servers at the next login."""

import omero
import omero.api
import omero.sys
from omero.rtypes import unwrap

from standin.digests import accepts
from standin.directory import GUEST, GUEST_GROUP, ROOT, SYSTEM_GROUP, USER_GROUP
from standin.services.base import Base, always, service
from standin.ship import ship

MEMBERS = {"groupExperimenterMap": {"child": {}}}
GROUPS = {"groupExperimenterMap": {"parent": {}}}
NAMES = ("omeName", "firstName", "middleName", "lastName", "email", "institution")
PRIVATE_GROUP = -120  # rw----


def ids(objects):
    return [o.id.val for o in objects]


@service
class Admin(Base, omero.api.IAdmin):
    getMyUserPhotos = always([])

    def person(self, e):
        return ship(e, GROUPS)

    def group(self, g):
        return ship(g, MEMBERS)

    def named(self, kind, prop, name):
        for o in self.store.extent(kind):
            if getattr(o, "_" + prop).val == name:
                return o
        raise omero.ApiUsageException("", "ome.conditions.ApiUsageException", f"No such {kind}: {name}")

    def getEventContext(self, current=None):
        return self.context()

    def getExperimenter(self, number, current=None):
        return self.person(self.must("Experimenter", number))

    def lookupExperimenter(self, name, current=None):
        return self.person(self.named("Experimenter", "omeName", name))

    def lookupExperimenters(self, current=None):
        return [self.person(e) for e in self.store.extent("Experimenter")]

    def getGroup(self, number, current=None):
        return self.group(self.must("ExperimenterGroup", number))

    def lookupGroup(self, name, current=None):
        return self.group(self.named("ExperimenterGroup", "name", name))

    def lookupGroups(self, current=None):
        return [self.group(g) for g in self.store.extent("ExperimenterGroup")]

    def maps(self, kind, number):
        return self.must(kind, number)._groupExperimenterMapSeq

    def containedGroups(self, user, current=None):
        return [self.group(x._parent) for x in self.maps("Experimenter", user)]

    def containedExperimenters(self, group, current=None):
        return [self.person(x._child) for x in self.maps("ExperimenterGroup", group)]

    def getDefaultGroup(self, user, current=None):
        return self.group(self.maps("Experimenter", user)[0]._parent)

    def getMemberOfGroupIds(self, user, current=None):
        return [x._parent.id.val for x in self.maps("Experimenter", user.id.val)]

    def getLeaderOfGroupIds(self, user, current=None):
        return [x._parent.id.val for x in self.maps("Experimenter", user.id.val) if x._owner.val]

    def getCurrentAdminPrivileges(self, current=None):
        wanted = set(self.context().adminPrivileges)
        return [ship(p, {}) for p in self.store.extent("AdminPrivilege") if p._value.val in wanted]

    def getAdminPrivileges(self, user, current=None):
        admin = SYSTEM_GROUP in self.getMemberOfGroupIds(user)
        return [ship(p, {}) for p in self.store.extent("AdminPrivilege")] if admin else []

    def getSecurityRoles(self, current=None):
        roles = omero.sys.Roles()
        roles.rootId, roles.rootName, roles.guestId, roles.guestName = ROOT, "root", GUEST, "guest"
        roles.systemGroupId, roles.systemGroupName = SYSTEM_GROUP, "system"
        roles.userGroupId, roles.userGroupName = USER_GROUP, "user"
        roles.guestGroupId, roles.guestGroupName = GUEST_GROUP, "guest"
        return roles

    # changes: refused on a read-only server, and to all but administrators
    def change(self, how, *arguments, own=False):
        """Answer how(user's id, *arguments), a writer of the directory."""
        self.server.writable()
        context = self.context()
        if not own and not context.isAdmin:
            raise omero.SecurityViolation("", "ome.conditions.SecurityViolation", "administrators only")
        answer = how(context.userId, *arguments)
        self.server.refresh()
        return answer

    def createGroup(self, group, current=None):
        permissions = group.details.permissions if group.details else None
        number = permissions._perm1 if permissions else PRIVATE_GROUP
        directory = self.server.directory
        return self.change(directory.create_group, unwrap(group.name), number, unwrap(group.description))

    def createExperimenter(self, user, default_group, groups, current=None):
        return self.createExperimenterWithPassword(user, None, default_group, groups)

    def createExperimenterWithPassword(self, user, password, default_group, groups, current=None):
        fields = {name.lower(): unwrap(getattr(user, "_" + name)) for name in NAMES}
        numbers = ids([default_group, *groups])
        return self.change(self.server.directory.create_user, fields, numbers, unwrap(password))

    def updateExperimenter(self, user, current=None):
        fields = {name.lower(): unwrap(getattr(user, "_" + name)) for name in NAMES}
        return self.change(self.server.directory.update_user, user.id.val, fields)

    def updateSelf(self, user, current=None):
        fields = {name.lower(): unwrap(getattr(user, "_" + name)) for name in NAMES if name != "omeName"}
        return self.change(self.server.directory.update_user, self.session.user_id, fields, own=True)

    def updateGroup(self, group, current=None):
        fields = {"name": unwrap(group.name), "description": unwrap(group.description)}
        return self.change(self.server.directory.update_group, group.id.val, fields)

    def addGroups(self, user, groups, current=None):
        return self.change(self.server.directory.add_groups, user.id.val, ids(groups))

    def removeGroups(self, user, groups, current=None):
        return self.change(self.server.directory.remove_groups, user.id.val, ids(groups))

    def setDefaultGroup(self, user, group, current=None):
        return self.change(self.server.directory.set_default_group, user.id.val, group.id.val)

    def addGroupOwners(self, group, users, current=None):
        return self.change(self.server.directory.set_owner, group.id.val, ids(users), True)

    def removeGroupOwners(self, group, users, current=None):
        return self.change(self.server.directory.set_owner, group.id.val, ids(users), False)

    def changeUserPassword(self, name, password, current=None):
        user = self.named("Experimenter", "omeName", name)
        return self.change(self.server.directory.set_password, user.id.val, unwrap(password))

    def changePassword(self, password, current=None):
        return self.change(self.server.directory.set_password, self.session.user_id, unwrap(password), own=True)

    def changePasswordWithOldPassword(self, old, new, current=None):
        _, stored = self.server.directory.credentials(self.session.user_name)
        if not accepts(stored, unwrap(old), self.session.user_id):
            raise omero.SecurityViolation("", "ome.conditions.SecurityViolation", "old password is wrong")
        return self.changePassword(new)
