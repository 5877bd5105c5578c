"""ThumbnailStore."""

import logging

import omero
import omero.api

from standin.files import MissingError
from standin.rendering import Renderer
from standin.services.base import Stateful, always, service

log = logging.getLogger("services")


@service
class Thumbnails(Stateful, omero.api.ThumbnailStore):
    setRenderingDefId = resetDefaults = always(None)
    isInProgress, thumbnailExists = always(False), always(True)

    def getRenderingDefId(self, current=None):
        return self.renderer.settings.id.val

    def getThumbnail(self, x, y, current=None):
        return self.renderer.thumbnail(x.val, y.val)

    def getThumbnailByLongestSide(self, n, current=None):
        return self.renderer.stored_thumbnail(n.val)

    def getThumbnailForSectionDirect(self, z, t, x, y, current=None):
        return self.renderer.thumbnail(x.val, y.val, z, t)

    def getThumbnailForSectionByLongestSideDirect(self, z, t, n, current=None):
        return self.renderer.thumbnail(n.val, None, z, t)

    def each(self, ids, thumbnail):
        """{id: thumbnail(renderer)}, without those whose pixels are missing."""
        found = {}
        for number in ids:
            try:
                found[number] = thumbnail(Renderer(self.must("Pixels", number), self.server.sources))
            except MissingError as error:
                log.error("thumbnail of Pixels:%s: %s", number, error)
        return found

    def getThumbnailByLongestSideSet(self, n, ids, current=None):
        return self.each(ids, lambda renderer: renderer.stored_thumbnail(n.val))

    def getThumbnailSet(self, x, y, ids, current=None):
        return self.each(ids, lambda renderer: renderer.thumbnail(x.val, y.val))

    getThumbnailDirect = getThumbnailWithoutDefault = getThumbnail
    getThumbnailByLongestSideDirect = getThumbnailByLongestSide
