"""SharedResources: describes the managed repository, which is no service here; no tables, no scripts."""

import omero
import omero.grid
import omero.model as m
from omero.rtypes import rstring

from standin.services.base import Base, always


def missing(name):
    """An operation that the stand-in lacks, which the generated class would answer with nothing."""

    def raises(self, *arguments):
        raise omero.InternalException("", "ome.conditions.InternalException", f"[STAND-IN] no SharedResources.{name}")

    return raises


class Resources(Base, omero.grid.SharedResources):
    areTablesEnabled = always(False)
    acquireProcessor, getScriptRepository = missing("acquireProcessor"), missing("getScriptRepository")
    addProcessor, removeProcessor = missing("addProcessor"), missing("removeProcessor")
    newTable, openTable = missing("newTable"), missing("openTable")

    def repositories(self, current=None):
        self.touch()
        described = m.OriginalFileI()
        described.path, described.name = rstring(f"{self.server.files.root}/"), rstring("ManagedRepository")
        return omero.grid.RepositoryMap([described], [None])
