"""IContainer, IMetadata, IPixels, IRoi, IScript and IShare."""

import omero
import omero.api

from standin.objects import Objects
from standin.services.base import Base, always, service
from standin.services.config import Types
from standin.ship import WHO, ship, shipped

LOGICAL_CHANNEL = {"illumination": {}, "mode": {}, "contrastMethod": {}}
PIXELS = {
    "pixelsType": {},
    "dimensionOrder": {},
    "image": {},
    "channels": {"statsInfo": {}, "logicalChannel": LOGICAL_CHANNEL},
}
SETTINGS = {
    "details": {"owner": {}},
    "model": {},
    "quantization": {},
    "pixels": {},
    "waveRendering": {"family": {}, "spatialDomainEnhancement": {}},
}
CHILDREN = {
    "Project": {"datasetLinks": {"child": {}}},
    "Dataset": {"imageLinks": {"child": {}}},
    "Screen": {"plateLinks": {"child": {}}},
    "Plate": {"plateAcquisitions": {}},
}


@service
class Container(Base, omero.api.IContainer):
    def getImages(self, kind, ids, params, current=None):
        tree = {"details": WHO, "pixels": PIXELS, "format": {}}
        return [ship(self.must(kind, i), tree) for i in ids]

    def loadContainerHierarchy(self, kind, ids, params, current=None):
        tree = {"details": WHO, **CHILDREN.get(kind, {})}
        return [ship(o, tree) for o in self.store.extent(kind) if not ids or o.id.val in ids]

    def getCollectionCount(self, kind, prop, ids, params, current=None):
        return {i: len(Objects.attribute(self.must(kind, i), prop.split("_")[-1])) for i in ids}


@service
class Metadata(Base, omero.api.IMetadata):
    loadSpecifiedAnnotations = always([])

    def loadChannelAcquisitionData(self, ids, current=None):
        return [ship(self.must("LogicalChannel", i), LOGICAL_CHANNEL) for i in ids]

    def loadAnnotations(self, kind, ids, types, owners, params, current=None):
        return {i: [shipped(x._child) for x in self.must(kind, i)._annotationLinksSeq] for i in ids}


@service
class Pixels(Base, omero.api.IPixels):
    getAllEnumerations = Types.allEnumerations

    def retrievePixDescription(self, number, current=None):
        return ship(self.must("Pixels", number), PIXELS)

    def retrieveRndSettings(self, number, current=None):
        return ship(self.must("Pixels", number)._settingsSeq[0], SETTINGS)

    def retrieveRndSettingsFor(self, number, user, current=None):
        return self.retrieveRndSettings(number)

    def retrieveAllRndSettings(self, number, user, current=None):
        return [self.retrieveRndSettings(number)]

    def loadRndSettings(self, number, current=None):
        return ship(self.must("RenderingDef", number), SETTINGS)


@service
class Roi(Base, omero.api.IRoi):
    def findByImage(self, image, options, current=None):
        return omero.api.RoiResult(options, [])


@service
class Script(Base, omero.api.IScript):
    getScripts = getScriptsByMimetype = always([])
    getScriptID = always(-1)


@service
class Share(Base, omero.api.IShare):
    getOwnShares = getMemberShares = always([])
