"""RawPixelsStore and RenderingEngine."""

import numpy as np
import omero
import omero.api
import omero.model as m

from standin.files import sample_type
from standin.rendering import TILE
from standin.services.base import Stateful, always, service
from standin.services.config import Types
from standin.services.containers import PIXELS
from standin.ship import ship


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
    isSigned, isFloat = always(False), always(False)

    def setPixelsId(self, number, *rest):
        super().setPixelsId(number)
        self.renderer.data  # noqa: B018 - the client learns now that they are missing

    def getByteWidth(self, current=None):
        return sample_type(self.renderer.pixels).itemsize

    def raw(self, z, c, t, x=0, y=0, w=None, h=None):
        """The samples as they are in the file, big-endian, which is how OMERO sends them."""
        width, height = self.renderer.size
        return self.renderer.data[t, c, z, y : y + (h or height), x : x + (w or width)]

    def getTile(self, z, c, t, x, y, w, h, current=None):
        return self.raw(z, c, t, x, y, w, h).tobytes()

    def getPlane(self, z, c, t, current=None):
        return self.raw(z, c, t).tobytes()

    def getRow(self, y, z, c, t, current=None):
        return self.raw(z, c, t, 0, y, None, 1).tobytes()

    def getCol(self, x, z, c, t, current=None):
        return self.raw(z, c, t, x, 0, 1).tobytes()

    def getHistogram(self, channels, bins, whole, plane, current=None):
        peak = 2**self.renderer.pixels._significantBits.val - 1
        return {c: np.histogram(self.raw(plane.z, c, plane.t), bins, (0, peak))[0].tolist() for c in channels}


def of_channel(key):
    return lambda self, c, current=None: self.renderer.channels[c][key]


@service
class Rendering(Levels, omero.api.RenderingEngine):
    setQuantizationMap = always(None)
    lookupRenderingDef, getChannelCurveCoefficient = always(True), always(1.0)
    getPixelsTypeLowerBound = always(0.0)
    isActive, getRGBA, getChannelLookupTable = of_channel("active"), of_channel("rgba"), of_channel("lut")
    getChannelWindowStart, getChannelWindowEnd = of_channel("start"), of_channel("end")

    def load(self, current=None):
        self.renderer.data  # noqa: B018 - the client learns now that they are missing

    def getPixelsTypeUpperBound(self, c, current=None):
        return float(np.iinfo(sample_type(self.renderer.pixels)).max)

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
