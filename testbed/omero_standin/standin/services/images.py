"""ThumbnailStore, RawPixelsStore and RenderingEngine."""

import numpy as np
import omero
import omero.api
import omero.model as m

from standin.rendering import TILE, Renderer
from standin.services.base import Stateful, always, service
from standin.services.config import Types
from standin.services.containers import PIXELS
from standin.ship import ship


@service
class Thumbnails(Stateful, omero.api.ThumbnailStore):
    setRenderingDefId = resetDefaults = always(None)
    isInProgress, thumbnailExists = always(False), always(True)

    def getRenderingDefId(self, current=None):
        return self.renderer.settings.id.val

    def getThumbnail(self, x, y, current=None):
        return self.renderer.thumbnail(x.val, y.val)

    def getThumbnailByLongestSide(self, n, current=None):
        return self.renderer.thumbnail(n.val)

    def getThumbnailForSectionDirect(self, z, t, x, y, current=None):
        return self.renderer.thumbnail(x.val, y.val, z, t)

    def getThumbnailForSectionByLongestSideDirect(self, z, t, n, current=None):
        return self.renderer.thumbnail(n.val, None, z, t)

    def getThumbnailByLongestSideSet(self, n, ids, current=None):
        return {i: Renderer(self.must("Pixels", i)).thumbnail(n.val) for i in ids}

    def getThumbnailSet(self, x, y, ids, current=None):
        return {i: Renderer(self.must("Pixels", i)).thumbnail(x.val, y.val) for i in ids}

    getThumbnailDirect = getThumbnailWithoutDefault = getThumbnail
    getThumbnailByLongestSideDirect = getThumbnailByLongestSide


class Levels(Stateful):
    getTileSize = always([TILE, TILE])

    def getResolutionLevels(self, current=None):
        return self.renderer.levels

    def getResolutionLevel(self, current=None):
        return self.renderer.level

    def setResolutionLevel(self, level, current=None):
        self.renderer.level = level

    def requiresPixelsPyramid(self, current=None):
        return self.renderer.levels > 1

    def getResolutionDescriptions(self, current=None):
        def description(level):
            return omero.api.ResolutionDescription(*[-(-n // 2**level) for n in self.renderer.size])

        return [description(level) for level in range(self.renderer.levels)]


@service
class RawPixels(Levels, omero.api.RawPixelsStore):
    getByteWidth, isSigned, isFloat = always(2), always(False), always(False)

    def raw(self, z, c, t, x=0, y=0, w=None, h=None):
        """Big-endian samples, as OMERO sends them."""
        sx, sy = self.renderer.size
        xs, ys = np.arange(x, x + (w or sx)), np.arange(y, y + (h or sy))
        return self.renderer.samples(z, c, t, xs, ys).astype(">u2")

    def getTile(self, z, c, t, x, y, w, h, current=None):
        return self.raw(z, c, t, x, y, w, h).tobytes()

    def getPlane(self, z, c, t, current=None):
        return self.raw(z, c, t).tobytes()

    def getRow(self, y, z, c, t, current=None):
        return self.raw(z, c, t, 0, y, None, 1).tobytes()

    def getCol(self, x, z, c, t, current=None):
        return self.raw(z, c, t, x, 0, 1).tobytes()

    def getHistogram(self, channels, bins, whole, plane, current=None):
        return {c: np.histogram(self.raw(plane.z, c, plane.t), bins, (0, 4095))[0].tolist() for c in channels}


def of_channel(key):
    return lambda self, c, current=None: self.renderer.channels[c][key]


@service
class Rendering(Levels, omero.api.RenderingEngine):
    load = setQuantizationMap = always(None)
    lookupRenderingDef, getChannelCurveCoefficient = always(True), always(1.0)
    getPixelsTypeLowerBound, getPixelsTypeUpperBound = always(0.0), always(65535.0)
    isActive, getRGBA, getChannelLookupTable = of_channel("active"), of_channel("rgba"), of_channel("lut")
    getChannelWindowStart, getChannelWindowEnd = of_channel("start"), of_channel("end")

    def set(self, c, **values):
        self.renderer.channels[c].update(values)

    def setActive(self, c, on, current=None):
        self.set(c, active=on)

    def setChannelWindow(self, c, start, end, current=None):
        self.set(c, start=start, end=end)

    def setRGBA(self, c, r, g, b, a, current=None):
        self.set(c, rgba=[r, g, b, a])

    def setChannelLookupTable(self, c, lut, current=None):
        self.set(c, lut=lut or "")

    def addCodomainMapToChannel(self, what, c, current=None):
        self.set(c, reverse=True)

    def removeCodomainMapFromChannel(self, what, c, current=None):
        self.set(c, reverse=False)

    def getCodomainMapContext(self, c, current=None):
        return [m.ReverseIntensityContextI()] if self.renderer.channels[c]["reverse"] else []

    def getChannelFamily(self, c, current=None):
        return ship(self.store.enum("Family", "linear"), {})

    def lookupPixels(self, number, current=None):
        self.setPixelsId(number)

    def loadRenderingDef(self, number, current=None):
        self.renderer.reset()

    def resetDefaultSettings(self, save, current=None):
        if save:
            self.server.writable()
        self.renderer.reset()

    def getRenderingDefId(self, current=None):
        return self.renderer.settings.id.val

    def getPixels(self, current=None):
        return ship(self.renderer.pixels, PIXELS)

    def getModel(self, current=None):
        return ship(self.store.enum("RenderingModel", self.renderer.model), {})

    def setModel(self, model, current=None):
        self.renderer.model = self.must("RenderingModel", model.id.val)._value.val

    def getAvailableModels(self, current=None):
        return Types.allEnumerations(self, "RenderingModel")

    def getAvailableFamilies(self, current=None):
        return Types.allEnumerations(self, "Family")

    def getQuantumDef(self, current=None):
        return ship(self.renderer.settings._quantization, {})

    def getDefaultZ(self, current=None):
        return self.renderer.z

    def getDefaultT(self, current=None):
        return self.renderer.t

    def setDefaultZ(self, z, current=None):
        self.renderer.z = z

    def setDefaultT(self, t, current=None):
        self.renderer.t = t

    def getCompressionLevel(self, current=None):
        return self.renderer.quality

    def setCompressionLevel(self, quality, current=None):
        self.renderer.quality = quality

    def renderCompressed(self, plane, current=None):
        return self.renderer.jpeg(self.renderer.render(plane))

    def renderAsPackedInt(self, plane, current=None):
        rgb = self.renderer.render(plane).astype(np.int32)
        return (rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]).ravel().tolist()

    def renderProjectedCompressed(self, kind, t, step, start, end, current=None):
        return self.renderer.jpeg(self.renderer.rgb(range(start, end + 1, step), t))
