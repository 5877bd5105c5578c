"""What an import leaves in the database for one image, and what it belongs to; rows of one owner and group."""

import dataclasses
import datetime

from standin.directory import PERMISSIONS

TAKEN = datetime.datetime(2023, 11, 14, 22, 13, 20)
CHANNELS = (("DAPI", 461.0, (0, 90, 255)), ("GFP", 509.0, (0, 255, 0)), ("mCherry", 610.0, (255, 40, 0)))
BITS = {"uint8": 8, "uint16": 12}
THUMBNAIL = 96
BLOCK = 100  # ids taken from a sequence at a time


@dataclasses.dataclass(frozen=True)
class Shape:
    """The extent of an image's pixels, in samples."""

    x: int
    y: int
    z: int = 1
    c: int = 2
    t: int = 1
    kind: str = "uint16"


class Importer:
    """Collects rows, which `save` inserts table by table: a row can only name ids of tables that were used before."""

    def __init__(self, transaction, owner, group):
        self.t, self.enums, self.rows, self.ids = transaction, {}, {}, {}
        event = transaction.event(owner, group, kind="Import")
        self.common = {"permissions": PERMISSIONS, "version": 0, "owner_id": owner, "group_id": group}
        self.common |= {"creation_id": event, "update_id": event}

    def add(self, table, **columns):
        """The new row's id."""
        if not self.ids.get(table):
            numbers = self.t.rows("select nextval(%s) as id from generate_series(1, %s)", f"seq_{table}", BLOCK)
            self.ids[table] = [row["id"] for row in numbers][::-1]
        number = self.ids[table].pop()
        names = {f'"{name}"': value for name, value in columns.items()}
        self.rows.setdefault(table, []).append({"id": number, **names, **self.common})
        return number

    def save(self):
        for table, rows in self.rows.items():
            self.t.insert_all(table, rows)

    def link(self, parent_table, child_table, parent, child):
        self.add(f"{parent_table}{child_table}link", parent=parent, child=child)

    def enum(self, table, value):
        if (table, value) not in self.enums:
            self.enums[table, value] = self.t.rows(f"select id from {table} where value = %s", value)[0]["id"]
        return self.enums[table, value]

    def annotation(self, ns, **pairs):
        """A map annotation; an underscore in a key stands for a space."""
        annotation = self.add("annotation", discriminator="/map/", ns=ns)
        for place, (key, value) in enumerate(pairs.items()):
            pair = {"annotation_id": annotation, "index": place, "name": key.replace("_", " "), "value": value}
            self.rows.setdefault("annotation_mapvalue", []).append(pair)
        return annotation

    def image(self, name, shape, source, annotations=()):
        """source: (folder, file) in the managed repository, which need not be there; what has a memo file."""
        image = self.add(
            "image",
            name=name,
            description="Synthetic pixels of the stand-in",
            acquisitiondate=TAKEN,
            archived=False,
            partial=False,
            format=self.enum("format", "PNG"),
        )
        pixels = self.add(
            "pixels",
            image=image,
            image_index=0,
            path=source[0],
            name=source[1],
            repo="standin-managed-repository",
            **{f"size{axis}": getattr(shape, axis) for axis in "xyzct"},
            significantbits=BITS[shape.kind],
            sha1="Pending...",
            pixelstype=self.enum("pixelstype", shape.kind),
            dimensionorder=self.enum("dimensionorder", "XYZCT"),
            **{f"physicalsize{axis}": size for axis, size in zip("xyz", (0.32, 0.32, 1.0), strict=True)},
            **{f"physicalsize{axis}unit": "µm" for axis in "xyz"},
        )
        self.settings(pixels, shape)
        for annotation in annotations:
            self.link("image", "annotation", image, annotation)
        return image

    def settings(self, pixels, shape):
        """The channels of the pixels, the owner's rendering settings and thumbnail."""
        quantum = self.add("quantumdef", cdstart=0, cdend=255, bitresolution=255)
        rdef = self.add(
            "renderingdef",
            pixels=pixels,
            defaultz=shape.z // 2,
            defaultt=0,
            compression=0.9,
            model=self.enum("renderingmodel", "rgb"),
            quantization=quantum,
        )
        for number in range(shape.c):
            self.channel(pixels, rdef, number, 2 ** BITS[shape.kind] - 1)
        scale = THUMBNAIL / max(shape.x, shape.y)
        self.add(
            "thumbnail",
            pixels=pixels,
            mimetype="image/jpeg",
            sizex=max(1, round(shape.x * scale)),
            sizey=max(1, round(shape.y * scale)),
        )

    def channel(self, pixels, rdef, number, peak):
        label, wave, colour = CHANNELS[number % len(CHANNELS)]
        rgba = dict(zip(("red", "green", "blue", "alpha"), (*colour, 255), strict=True))
        logical = self.add(
            "logicalchannel",
            name=label,
            emissionwave=wave,
            emissionwaveunit="nm",
            illumination=self.enum("illumination", "Epifluorescence"),
            mode=self.enum("acquisitionmode", "WideField"),
            contrastmethod=self.enum("contrastmethod", "Fluorescence"),
        )
        stats = self.add("statsinfo", globalmin=0.0, globalmax=float(peak))
        self.add("channel", pixels=pixels, pixels_index=number, logicalchannel=logical, statsinfo=stats, **rgba)
        self.add(
            "channelbinding",
            renderingdef=rdef,
            renderingdef_index=number,
            family=self.enum("family", "linear"),
            coefficient=1.0,
            active=True,
            inputstart=float(round(peak * 0.04)),
            inputend=float(round(peak * 0.85)),
            noisereduction=False,
            **rgba,
        )
