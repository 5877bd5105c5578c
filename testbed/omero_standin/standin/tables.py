"""Which tables become which objects of omero.model. A column is the property's name in lower case."""

import dataclasses

COLOUR = ("red", "green", "blue", "alpha")


@dataclasses.dataclass(frozen=True)
class Ref:
    """A property that points at an object of `kind`, and the collection of that object that points back."""

    name: str
    kind: str
    back: str | None = None


@dataclasses.dataclass(frozen=True)
class Table:
    kind: str
    scalars: tuple = ()
    refs: tuple = ()
    lengths: tuple = ()  # properties with a unit of length in a column of its own
    order: str = "id"  # column by which the rows enter their parents' collections
    details: bool = True  # owner, group and events
    table: str | None = None

    @property
    def name(self):
        return self.table or self.kind.lower()

    @property
    def names(self):
        """{property's name in lower case: the property's name} of the scalars."""
        return {name.lower(): name for name in self.scalars}


def enumeration(kind):
    return Table(kind, ("value",), details=False)


def annotated(parent):
    """The table of an object's map annotations."""
    refs = (Ref("parent", parent, "annotationLinks"), Ref("child", "MapAnnotation"))
    return Table(f"{parent}AnnotationLink", refs=refs)


def link(parent, child, collection, back):
    kind = f"{parent}{child}Link"
    return Table(kind, refs=(Ref("parent", parent, collection), Ref("child", child, back)))


TABLES = (
    enumeration("AcquisitionMode"),
    enumeration("AdminPrivilege"),
    enumeration("ContrastMethod"),
    enumeration("DimensionOrder"),
    enumeration("EventType"),
    enumeration("Family"),
    enumeration("Format"),
    enumeration("Illumination"),
    enumeration("PixelsType"),
    enumeration("RenderingModel"),
    Table(
        "Experimenter",
        ("omeName", "firstName", "middleName", "lastName", "email", "institution", "ldap"),
        details=False,
    ),
    Table("ExperimenterGroup", ("name", "description", "ldap"), details=False),
    Table(
        "GroupExperimenterMap",
        ("owner",),
        (
            Ref("parent", "ExperimenterGroup", "groupExperimenterMap"),
            Ref("child", "Experimenter", "groupExperimenterMap"),
        ),
        order="child_index",
        details=False,
    ),
    Table(
        "Event",
        ("time", "status"),
        (
            Ref("experimenter", "Experimenter"),
            Ref("experimenterGroup", "ExperimenterGroup"),
            Ref("type", "EventType"),
        ),
        details=False,
    ),
    Table("Project", ("name", "description")),
    Table("Dataset", ("name", "description")),
    link("Project", "Dataset", "datasetLinks", "projectLinks"),
    Table("Screen", ("name", "description")),
    Table("Plate", ("name", "description", "rows", "columns", "rowNamingConvention", "columnNamingConvention")),
    link("Screen", "Plate", "plateLinks", "screenLinks"),
    Table(
        "PlateAcquisition",
        ("name", "description", "startTime", "endTime", "maximumFieldCount"),
        (Ref("plate", "Plate", "plateAcquisitions"),),
    ),
    Table(
        "Image",
        ("name", "description", "acquisitionDate", "archived", "partial", "series"),
        (Ref("format", "Format"),),
    ),
    link("Dataset", "Image", "imageLinks", "datasetLinks"),
    Table(
        "Pixels",
        ("sizeX", "sizeY", "sizeZ", "sizeC", "sizeT", "significantBits", "sha1"),
        (
            Ref("image", "Image", "pixels"),
            Ref("pixelsType", "PixelsType"),
            Ref("dimensionOrder", "DimensionOrder"),
        ),
        lengths=("physicalSizeX", "physicalSizeY", "physicalSizeZ"),
    ),
    Table(
        "LogicalChannel",
        ("name",),
        (
            Ref("illumination", "Illumination"),
            Ref("mode", "AcquisitionMode"),
            Ref("contrastMethod", "ContrastMethod"),
        ),
        lengths=("emissionWave",),
    ),
    Table("StatsInfo", ("globalMin", "globalMax")),
    Table(
        "Channel",
        COLOUR,
        (
            Ref("pixels", "Pixels", "channels"),
            Ref("logicalChannel", "LogicalChannel", "channels"),
            Ref("statsInfo", "StatsInfo"),
        ),
        order="pixels_index",
    ),
    Table("QuantumDef", ("cdStart", "cdEnd", "bitResolution")),
    Table(
        "RenderingDef",
        ("defaultZ", "defaultT", "compression"),
        (
            Ref("pixels", "Pixels", "settings"),
            Ref("model", "RenderingModel"),
            Ref("quantization", "QuantumDef"),
        ),
    ),
    Table(
        "ChannelBinding",
        (*COLOUR, "active", "coefficient", "inputStart", "inputEnd", "noiseReduction"),
        (Ref("renderingDef", "RenderingDef", "waveRendering"), Ref("family", "Family")),
        order="renderingdef_index",
    ),
    Table("Thumbnail", ("mimeType", "sizeX", "sizeY"), (Ref("pixels", "Pixels", "thumbnails"),)),
    Table("Well", ("row", "column"), (Ref("plate", "Plate", "wells"),)),
    Table(
        "WellSample",
        refs=(
            Ref("well", "Well", "wellSamples"),
            Ref("image", "Image", "wellSamples"),
            Ref("plateAcquisition", "PlateAcquisition", "wellSample"),
        ),
        order="well_index",
    ),
    Table("MapAnnotation", ("ns", "name", "description"), table="annotation"),
    annotated("Project"),
    annotated("Screen"),
    annotated("Well"),
    annotated("Image"),
)
