"""What clients submit: a request of omero.cmd is a method of its name, done before submit answers."""

import logging
import re

import omero
import omero.cmd
import omero.model as m
import omero.sys
from omero.rtypes import rtime, unwrap

from standin.directory import USER_GROUP
from standin.mail import post
from standin.pyramids import pyramids
from standin.server import ReadOnlyError
from standin.services.admin import Admin
from standin.services.base import Base, answer_to, event_context
from standin.services.config import session_object

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")

log = logging.getLogger("services")


class Refused(Exception):
    """The request cannot be done: the name of the error, and what it says."""


class Handle(omero.cmd.Handle):
    """A request that is done. Clients look for the answer when they have its handle, and need no call back."""

    def __init__(self, request, response):
        self.request, self.response = request, response

    def addCallback(self, callback, current=None):
        pass

    removeCallback = addCallback

    def getRequest(self, current=None):
        return self.request

    def getResponse(self, current=None):
        return self.response

    def getStatus(self, current=None):
        failed = isinstance(self.response, omero.cmd.ERR)
        flags = [omero.cmd.State.FAILURE if failed else omero.cmd.State.SUCCESS]
        return omero.cmd.Status(flags=flags)

    def cancel(self, current=None):
        return False

    def close(self, current=None):
        current.adapter.remove(current.id)
        self.done()


class Commands(Base):
    def answer(self, request):
        """The response; an ERR that says why where there is none."""
        name = type(request).__name__
        try:
            self.touch()
            method = vars(Commands).get(name)
            if method is None:
                log.warning("omero.cmd.%s is not implemented", name)
                raise Refused("[STAND-IN] no such command", name)
            return method(self, request)
        except Refused as refused:
            reason, text = refused.args
            return omero.cmd.ERR(request.ice_id(), reason, {"ApiUsageException": text})
        except Exception as error:
            known = answer_to(error, name)
            return omero.cmd.ERR(request.ice_id(), type(known).__name__, {"message": getattr(known, "message", "")})

    def administrator(self):
        if not self.context().isAdmin:
            raise Refused("no-permissions", "administrators only")

    def CurrentSessionsRequest(self, request):
        """This server's sessions: to administrators all of them, to others their own and who else is there."""
        found = omero.cmd.CurrentSessionsResponse([], [], [])
        self.server.sessions.expire()
        everything = self.context().isAdmin
        for session in list(self.server.sessions.open.values()):
            if self.server.user(session.user_id) is None:
                continue  # another database was put in place of the one that the session began with
            context = event_context(self.server, session)
            if everything or session.user_id == self.session.user_id:
                found.sessions.append(session_object(self.server, session))
                found.contexts.append(context)
                found.data.append({"lastAccessTime": rtime(int(session.used * 1000))})
            else:
                names = ("userId", "userName", "groupId", "groupName", "isAdmin")
                hidden = omero.sys.EventContext()
                for name in names:
                    setattr(hidden, name, getattr(context, name))
                found.sessions.append(None)
                found.contexts.append(hidden)
                found.data.append({})
        return found

    def Chmod2(self, request):
        targets = dict(request.targetObjects)
        groups = targets.pop("ExperimenterGroup", [])
        if targets:
            raise Refused("[STAND-IN] only groups have permissions", ", ".join(sorted(targets)))
        number = m.PermissionsI(request.permissions)._perm1
        for group in groups:
            Admin(self.server, self.session).change(self.server.directory.set_permissions, group, number)
        return omero.cmd.Chmod2Response({"ome.model.meta.ExperimenterGroup": groups}, {})

    def SendEmailRequest(self, request):
        self.administrator()
        settings = self.server.settings
        if not settings.flag("omero.mail.config"):
            raise Refused("[STAND-IN] no mail", "omero.mail.config is not true")
        for reason, given, text in (
            ("no-body", request.everyone or request.userIds or request.groupIds, "No recipients specified."),
            ("no-sender", settings.text("omero.mail.from"), "omero.mail.from cannot be empty."),
            ("no-subject", request.subject.strip(), "Email must contain subject."),
            ("no-body", request.body.strip(), "Email must contain body."),
        ):
            if not given:
                raise Refused(reason, text)
        people = self.recipients(request)
        answer = omero.cmd.SendEmailResponse(0, 0, [], [])
        valid = {number: email for number, email in people.items() if ADDRESS.fullmatch(email)}
        answer.invalidusers = sorted(set(people) - set(valid))
        answer.invalidemails = [email for email in request.extra or [] if not ADDRESS.fullmatch(email)]
        addresses = sorted({*valid.values(), *(request.extra or [])} - set(answer.invalidemails))
        post(settings.text("omero.mail.from"), addresses, request.subject, request.body)
        answer.total = answer.success = len(addresses)
        return answer

    def recipients(self, request):
        """{user's id: e-mail address, empty where there is none}; only members of group `user` are active."""
        found = {}
        for user in self.store.extent("Experimenter"):
            groups = {x._parent.id.val for x in user._groupExperimenterMapSeq}
            wanted = request.everyone or user.id.val in request.userIds or groups & set(request.groupIds)
            if wanted and (request.inactive or USER_GROUP in groups):
                found[user.id.val] = unwrap(user._email) or ""
        return found

    def FindPyramids(self, request):
        self.administrator()
        after, little = unwrap(request.importedAfter), unwrap(request.littleEndian)
        found = []
        for number, path in pyramids(self.server.files.root, little):
            pixels = self.store.get("Pixels", number)
            if pixels is not None and path.stat().st_size >= (0 if request.checkEmptyFile else 1):
                imported = pixels._details._creationEvent._time.val
                found += [pixels._image.id.val] if after is None or imported > after else []
        return omero.cmd.FindPyramidsResponse(found[: request.limit or None])

    def ManageImageBinaries(self, request):
        self.administrator()
        if self.server.settings.read_only("repo"):
            raise ReadOnlyError("this server's repository is read-only (omero.cluster.read_only.repo)")
        if request.togglePixels:
            raise Refused("[STAND-IN] no archived pixels", "togglePixels")
        for pixels in self.must("Image", request.imageId)._pixelsSeq:
            if request.deletePyramid:
                path = self.server.files.pixels(pixels.id.val)
                path.with_name(f"{path.name}_pyramid").unlink(missing_ok=True)
            for thumbnail in pixels._thumbnailsSeq if request.deleteThumbnails else []:
                self.server.files.thumbnail(thumbnail.id.val).unlink(missing_ok=True)
        return omero.cmd.ManageImageBinariesResponse(archivedFiles=[])
