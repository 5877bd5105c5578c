"""A parsed query and its evaluation."""


class Query:
    """Expressions are functions f(env, rows): env holds the values of the aliases ("#alias": their place in the
    collection, ":": the parameters, "model": the objects), rows the envs of the group that an aggregate runs over."""

    def __init__(self):
        self.items, self.map, self.distinct, self.aggregate = [], False, False, False
        self.sources, self.root, self.result, self.fetched = [], None, None, {}
        self.where, self.group, self.having, self.order = None, [], None, []

    def envs(self, outer):
        """One env for each combination of the sources' objects that the where clause lets pass."""
        envs = [outer]
        for source in self.sources:
            envs = [grown for env in envs for grown in joined(env, *source)]
        return [env for env in envs if self.where is None or self.where(env, None)]

    def values(self, outer):
        """Rows of raw values, in order."""
        plain = outer["model"].plain
        found = []
        for envs in self.groups(outer, plain):
            env = envs[0] if envs else outer
            if self.having is None or self.having(env, envs):
                row = [expression(env, envs) for expression, _ in self.items]
                aliased = {
                    alias: value
                    for (_, alias), value in zip(self.items, row, strict=True)
                    if alias and alias not in env
                }
                found.append((row, {**env, **aliased}, envs))
        for key, downwards in reversed(self.order):
            found.sort(key=lambda entry, key=key: ranked(plain(key(entry[1], entry[2]))), reverse=downwards)
        rows = [row for row, _, _ in found]
        if self.distinct:
            unique = {}
            for row in rows:
                unique.setdefault(repr([plain(v) for v in row]), row)
            rows = list(unique.values())
        return rows

    def groups(self, outer, plain):
        """Lists of envs: one for each group, or each env on its own."""
        envs = self.envs(outer)
        if self.aggregate and not self.group:
            return [envs]
        groups = {}
        for number, env in enumerate(envs):
            key = tuple(plain(g(env, None)) for g in self.group) if self.group else number
            groups.setdefault(key, []).append(env)
        return groups.values()


def joined(env, kind, path, alias):
    """The envs that one more source makes of one env; kind: entity, or the join's first word."""
    model = env["model"]
    found = model.extent(path[0]) if kind == "entity" else env[path[0]]
    for step in path[1:]:
        found = model.attribute(found, step)
    found = found if isinstance(found, list) else [] if found is None else [found]
    hits = list(enumerate(found)) or ([(None, None)] if kind == "left" else [])
    return [{**env, alias: o, f"#{alias}": place} for place, o in hits]


def ranked(value):
    """Null comes last in ascending order, as in PostgreSQL."""
    return value is None, 0 if value is None else value
