"""A synthetic repository as rows: what a demo import leaves in a database that has no images yet."""

from standin.directory import GLOBAL_PERMISSIONS, PERMISSIONS, SYSTEM_GROUP
from standin.importer import TAKEN, Importer, Shape

OWNER = "demo"
GENES = ("CDC20", "PLK1", "AURKB", "KIF11", "TPX2", "INCENP", "BUB1", "MAD2L1", "CENPE", "ESPL1", "CCNB1", "NUSAP1")
PHENOTYPES = (
    ("increased nuclear size", "CMPO_0000140"),
    ("mitosis arrested", "CMPO_0000196"),
    ("round cell", "CMPO_0000118"),
)
# dataset: number of images, their shape
DATASETS = {
    "fields": (24, Shape(256, 256, c=3)),
    "stacks": (8, Shape(256, 256, z=7)),
    "time-lapse": (6, Shape(192, 192, t=10)),
    "tiled": (1, Shape(4096, 3072, kind="uint8")),
}
# plate: rows, columns, fields of each well, shape
PLATES = {"plate1": (8, 12, 2, Shape(160, 160)), "plate2": (4, 6, 1, Shape(160, 160, c=3))}
STUDY = {
    "Study_Type": "synthetic images",
    "Organism": "Homo sapiens",
    "Sample_Type": "cell",
    "Imaging_Method": "fluorescence microscopy",
    "Publication_Authors": "Stand-in A, Stand-in B",
    "License": "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/",
}


class Demo:
    """One study and one screen; the annotations that their images share."""

    def __init__(self, importer):
        self.i = importer
        self.organism = importer.annotation("openmicroscopy.org/mapr/organism", Organism="Homo sapiens")
        self.genes = [
            importer.annotation(
                "openmicroscopy.org/mapr/gene", Gene_Symbol=symbol, Gene_Identifier=f"STANDIN{number:05}"
            )
            for number, symbol in enumerate(GENES, 1)
        ]
        self.phenotypes = [
            importer.annotation("openmicroscopy.org/mapr/phenotype", Phenotype=name, Phenotype_Term_Accession=term)
            for name, term in PHENOTYPES
        ]

    def top(self, table, name, title, text):
        """A project or screen, annotated and described as the gallery expects its studies."""
        heading = f"{'Experiment' if table == 'project' else 'Screen'} Description"
        number = self.i.add(table, name=name, description=f"Study Title\n{title}\n\n{heading}\n{text}")
        study = self.i.annotation("idr.openmicroscopy.org/study/info", Study_Title=title, **STUDY)
        self.i.link(table, "annotation", number, study)
        return number

    def study(self):
        project = self.top(
            "project",
            "idr0000-standin-cells",
            "Synthetic cells in fields, stacks, time and tiles",
            "A synthetic study of the stand-in server: drawn, not observed.",
        )
        for place, (name, (count, shape)) in enumerate(DATASETS.items()):
            dataset = self.i.add("dataset", name=name, description=f"Synthetic images of the stand-in: {name}")
            self.i.link("project", "dataset", project, dataset)
            for number in range(count):
                annotations = [self.organism, self.genes[(place + number) % len(GENES)]]
                file = f"{name}_{number + 1:02}.tif"
                image = self.i.image(file, shape, (f"{OWNER}/idr0000-standin-cells/{name}", file), annotations)
                self.i.link("dataset", "image", dataset, image)

    def screen(self):
        screen = self.top(
            "screen",
            "idr0001-standin-screen",
            "A synthetic screen of genes of cell division",
            "A synthetic screen of the stand-in server: drawn, not observed.",
        )
        for name, layout in PLATES.items():
            self.plate(screen, name, *layout)

    def plate(self, screen, name, rows, columns, fields, shape):
        plate = self.i.add(
            "plate",
            name=name,
            rows=rows,
            columns=columns,
            rownamingconvention="letter",
            columnnamingconvention="number",
        )
        self.i.link("screen", "plate", screen, plate)
        run = self.i.add(
            "plateacquisition", name="Run 1", plate=plate, starttime=TAKEN, endtime=TAKEN, maximumfieldcount=fields
        )
        for row in range(rows):
            for column in range(columns):
                well = self.i.add("well", row=row, column=column, plate=plate)
                annotations = [self.organism, self.genes[column], self.phenotypes[row % len(PHENOTYPES)]]
                for annotation in annotations:
                    self.i.link("well", "annotation", well, annotation)
                for field in range(fields):
                    label = f"{name} [Well {chr(65 + row)}{column + 1}, Field {field + 1}]"
                    source = f"{OWNER}/idr0001-standin-screen/{name}", f"{name}.screen"  # one file for all wells
                    image = self.i.image(label, shape, source, annotations)
                    self.i.add("wellsample", well=well, image=image, plateacquisition=run, well_index=field)


def account(t, group_name):
    """(user's id, group's id) of the demo's owner, who can't log in, and the group, each made where it is missing."""
    found = t.rows("select id from experimentergroup where name = %s", group_name)
    group = (
        found[0]["id"]
        if found
        else t.insert("experimentergroup", name=group_name, permissions=PERMISSIONS, ldap=False, version=0)
    )
    found = t.rows("select id from experimenter where omename = %s", OWNER)
    if found:
        return found[0]["id"], group
    names = {"omename": OWNER, "firstname": "Demo", "lastname": "(stand-in)"}
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
        demo = Demo(importer)
        demo.study()
        demo.screen()
        importer.save()
        return True
