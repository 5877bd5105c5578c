"""The repository as a graph of omero.model objects, read from the database's rows."""

import datetime

import Ice
import omero.model as m
import omero.rtypes as rt

from standin import credits
from standin.tables import TABLES

UNITS = {symbol: getattr(m.enums.UnitsLength, name) for name, symbol in m.LengthI.SYMBOLS.items()}
DENIED = [True] * 6  # of the six restrictions: nobody links, edits, deletes, annotates, ...


def value_of(cls, name, value):
    """A property's value for the wire."""
    if isinstance(value, datetime.datetime):
        value = int(value.replace(tzinfo=datetime.UTC).timestamp() * 1000)
    if value is None or isinstance(value, (Ice.Object, list)):
        return value
    return getattr(cls._field_info, name).wrapper(value)


class Store:
    """All objects, by class and id; never changed once built."""

    def __init__(self):
        self.rows = {}
        self.imported = {}  # pixels' id: the file in the managed repository that they were imported from

    def extent(self, kind):
        """All objects of the entity, of its subclasses too."""
        base = getattr(m, kind)
        return [o for cls, rows in self.rows.items() if issubclass(cls, base) for o in rows.values()]

    def get(self, kind, number):
        """The object, None where there is no such."""
        found = self.rows.get(getattr(m, kind + "I", None), {}).get(number)
        if found is not None:
            return found
        base = getattr(m, kind)
        found = (rows[number] for cls, rows in self.rows.items() if issubclass(cls, base) and number in rows)
        return next(found, None)

    def add(self, kind, number, **fields):
        """A new object."""
        cls = getattr(m, kind + "I")
        o = cls(rt.rlong(number), True)
        for name, value in fields.items():
            setattr(o, "_" + name, value_of(cls, name, value))
        o._details = m.DetailsI()
        o._details._permissions = m.PermissionsI("rwr---")
        o._details._permissions._restrictions = DENIED
        self.rows.setdefault(cls, {})[number] = o
        return o

    def enum(self, kind, value):
        """The enumeration's object, None where there is no such."""
        return next((e for e in self.extent(kind) if e._value.val == value), None)


def read(transaction, credited):
    """(rows by table, map annotations' pairs, imported files, credits), all of it seen at one point in time."""
    transaction.rows("set transaction isolation level repeatable read")
    rows = {table: transaction.rows(f'select * from "{table.name}" order by "{table.order}", id') for table in TABLES}
    pairs = transaction.rows("select annotation_id, name, value from annotation_mapvalue order by annotation_id, index")
    files = transaction.rows("select id, path, name from pixels where path is not null")
    return rows, pairs, files, credits.read(transaction) if credited else {}


def load(database, credited=False):
    """A Store of what the database holds now; `credited`: its schema, and this release, have credits."""
    rows, pairs, files, credit = database.read(lambda transaction: read(transaction, credited))
    store = Store()
    for table in TABLES:
        for row in rows[table]:
            fields = {name: row[column] for column, name in table.names.items()}
            for name in table.lengths:
                size, unit = row[name.lower()], row[name.lower() + "unit"]
                fields[name] = None if size is None else m.LengthI(size, UNITS[unit])
            version = row.get("version")
            store.add(table.kind, row["id"], **fields)._version = None if version is None else rt.rint(version)
    for table in TABLES:
        for row in rows[table]:
            connect(store, table, row)
    for pair in pairs:
        annotation = store.get("MapAnnotation", pair["annotation_id"])
        annotation._mapValue = [*(annotation._mapValue or []), m.NamedValue(pair["name"], pair["value"])]
    credits.show(store, credit)
    store.imported = {row["id"]: f"{row['path']}/{row['name']}" for row in files}
    return store


def connect(store, table, row):
    """Set the references and details of one row's object, and enter it into the collections that point back."""
    o = store.get(table.kind, row["id"])
    for ref in table.refs:
        target = store.get(ref.kind, row[ref.name.lower()])
        setattr(o, "_" + ref.name, target)
        if ref.back and target is not None:
            getattr(target, f"_{ref.back}Seq").append(o)
    details = o._details
    permissions = row["permissions"]
    if table.details:
        details._owner = store.get("Experimenter", row["owner_id"])
        details._group = store.get("ExperimenterGroup", row["group_id"])
        details._creationEvent = store.get("Event", row["creation_id"])
        details._updateEvent = store.get("Event", row["update_id"])
        permissions = details._group._details._permissions._perm1
    details._permissions = m.PermissionsI(permissions)
    details._permissions._restrictions = DENIED
