"""Copies of objects for the wire, loaded as far as a query asked for."""

import omero.model as m

WHO = {"owner": {"groupExperimenterMap": {"parent": {}}}, "group": {}, "creationEvent": {}, "updateEvent": {}}


def ship(o, tree, done=None):
    """A copy of o: its scalars, and the relations named in tree ({name: subtree}).

    Other relations are unloaded references, other collections unloaded, as Hibernate answers what a query did not
    fetch. What is not an object of the model is answered as it is.
    """
    if not isinstance(o, m.IObject):
        return o
    done = {} if done is None else done
    key = (type(o), o.id.val)
    copy = done.get(key) or plain_copy(o, tree, done)
    for name, below in tree.items():
        if name == "details":
            for part, subtree in below.items():
                setattr(copy._details, "_" + part, ship(getattr(o._details, "_" + part), subtree, done))
        elif f"_{name}Seq" in vars(o):
            setattr(copy, f"_{name}Seq", [ship(x, below, done) for x in vars(o)[f"_{name}Seq"]])
            setattr(copy, f"_{name}Loaded", True)
        elif "_" + name in vars(o):
            setattr(copy, "_" + name, ship(vars(o)["_" + name], below, done))
    return copy


def plain_copy(o, tree, done):
    """A copy whose relations are unloaded."""
    cls = type(o)
    copy = done[cls, o.id.val] = cls(o.id, True)
    copy._version = getattr(o, "_version", None)
    for name, value in vars(o).items():
        if name.endswith("Seq") and name[:-3] + "Loaded" in vars(o):
            if name[1:-3] not in tree:
                setattr(copy, name, [])
                setattr(copy, name[:-3] + "Loaded", False)
        elif isinstance(value, m.IObject):
            setattr(copy, name, done.get((type(value), value.id.val)) or type(value)(value.id, False))
        elif name not in ("_details", "_loaded") and not (name.endswith("Loaded") and name[:-6] + "Seq" in vars(o)):
            setattr(copy, name, value)
    copy._details = m.DetailsI()
    copy._details._permissions = o._details._permissions
    for name in ("_owner", "_group", "_creationEvent", "_updateEvent"):
        value = getattr(o._details, name)
        setattr(copy._details, name, value and type(value)(value.id, False))
    return copy


def shipped(o):
    """A copy with its details loaded; None for None."""
    return o and ship(o, {"details": WHO})
