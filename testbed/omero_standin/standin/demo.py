"""A synthetic repository as rows: what a demo import leaves in a database that has no images yet."""

import datetime

from standin.directory import GLOBAL_PERMISSIONS, SYSTEM_GROUP

READ_ONLY_GROUP = -56  # rwr---
TAKEN = datetime.datetime(2023, 11, 14, 22, 13, 20)
GENES = ("CDC20", "PLK1")
FIELDS, ROWS, COLUMNS = 10, 3, 4


class Importer:
    """Inserts rows of one owner and group."""

    def __init__(self, transaction, owner, group):
        self.t, self.enums = transaction, {}
        event = transaction.event(owner, group, kind="Import")
        self.details = {"owner_id": owner, "group_id": group, "creation_id": event, "update_id": event}

    def add(self, table, **columns):
        return self.t.insert(table, **columns, **self.details)

    def link(self, parent_table, child_table, parent, child):
        self.add(f"{parent_table}{child_table}link", parent=parent, child=child)

    def enum(self, table, value):
        if (table, value) not in self.enums:
            self.enums[table, value] = self.t.rows(f"select id from {table} where value = %s", value)[0]["id"]
        return self.enums[table, value]

    def gene(self, symbol):
        annotation = self.add("annotation", discriminator="/map/", ns="openmicroscopy.org/mapr/gene")
        self.t.rows(
            "insert into annotation_mapvalue (annotation_id, name, value, index) values (%s, 'Gene Symbol', %s, 0)",
            annotation,
            symbol,
        )
        return annotation

    def image(self, name, x=512, y=512, z=5, c=2):
        image = self.add(
            "image",
            name=name,
            description="Synthetic pixels of the stand-in",
            acquisitiondate=TAKEN,
            archived=False,
            partial=False,
            format=self.enum("format", "PNG"),
        )
        self.add(
            "pixels",
            image=image,
            image_index=0,
            sizex=x,
            sizey=y,
            sizez=z,
            sizec=c,
            sizet=1,
            significantbits=16,
            sha1="0" * 40,
            pixelstype=self.enum("pixelstype", "uint16"),
            dimensionorder=self.enum("dimensionorder", "XYZCT"),
            **{f"physicalsize{axis}": size for axis, size in zip("xyz", (0.32, 0.32, 1.0), strict=True)},
            **{f"physicalsize{axis}unit": "µm" for axis in "xyz"},
        )
        return image

    def study(self):
        """One project of two datasets of ten images; the last image is big enough for a tiled pyramid."""
        project = self.add(
            "project", name="idr0000-standin-blobs", description="A synthetic study of the stand-in server"
        )
        for letter, symbol in zip("AB", GENES, strict=True):
            gene = self.gene(symbol)
            dataset = self.add("dataset", name=f"experiment{letter}", description=f"Synthetic dataset {letter}")
            self.link("project", "dataset", project, dataset)
            for number in range(1, FIELDS + 1):
                big = (letter, number) == ("B", FIELDS)
                size = {"x": 6144, "y": 4096, "z": 1, "c": 3} if big else {"c": 2 + number % 2}
                image = self.image(f"{letter}_field_{number:02}.tif", **size)
                self.link("dataset", "image", dataset, image)
                self.link("image", "annotation", image, gene)

    def screen(self):
        """One screen of one plate of three rows and four columns."""
        screen = self.add(
            "screen", name="idr0001-standin-screen", description="A synthetic screen of the stand-in server"
        )
        plate = self.add(
            "plate",
            name="plate1",
            rows=ROWS,
            columns=COLUMNS,
            rownamingconvention="letter",
            columnnamingconvention="number",
        )
        self.link("screen", "plate", screen, plate)
        run = self.add(
            "plateacquisition", name="Run 1", plate=plate, starttime=TAKEN, endtime=TAKEN, maximumfieldcount=1
        )
        for row in range(ROWS):
            for column in range(COLUMNS):
                well = self.add("well", row=row, column=column, plate=plate)
                image = self.image(f"plate1 [Well {'ABC'[row]}{column + 1}, Field 1]", x=256, y=256, z=1)
                self.add("wellsample", well=well, image=image, plateacquisition=run, well_index=0)


def account(t, group_name):
    """(user's id, group's id) of the demo's owner, who can't log in, and the group, each made where it is missing."""
    found = t.rows("select id from experimentergroup where name = %s", group_name)
    group = (
        found[0]["id"]
        if found
        else t.insert("experimentergroup", name=group_name, permissions=READ_ONLY_GROUP, ldap=False, version=0)
    )
    found = t.rows("select id from experimenter where omename = 'demo'")
    if found:
        return found[0]["id"], group
    names = {"omename": "demo", "firstname": "Demo", "lastname": "(stand-in)"}
    user = t.insert("experimenter", permissions=GLOBAL_PERMISSIONS, ldap=False, version=0, **names)
    for place, parent in enumerate((group, 1)):
        member = {"child": user, "parent": parent, "child_index": place, "owner": False}
        t.insert("groupexperimentermap", permissions=GLOBAL_PERMISSIONS, version=0, **member)
    t.event(0, SYSTEM_GROUP)
    return user, group


def import_demo(database, group_name):
    """Whether the repository was imported; it is where there is any image or project already."""
    with database.transaction() as t:
        t.rows("select pg_advisory_xact_lock(hashtext('standin.demo'))")
        if t.rows("select 1 from image limit 1") or t.rows("select 1 from project limit 1"):
            return False
        importer = Importer(t, *account(t, group_name))
        importer.study()
        importer.screen()
        return True
