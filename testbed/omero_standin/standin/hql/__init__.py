"""A small HQL interpreter over objects in memory (nested loops, no optimiser).

It covers what OMERO.web, its plug-ins and omero-py send: select [distinct] (new map(..) | expressions), joins of
entities and paths (inner, left outer, fetch), where, group by, having, order by, sub-selects, exists, in, like,
is null, case, arithmetic, ||, count, min, max, sum, lower, upper, length, coalesce, size, type, extract, index,
minIndex, maxIndex, x.class, unqualified properties. What it can't parse or resolve raises HqlError, never an empty
answer.

The objects come from a model with `extent(kind)` (all objects of an entity), `is_entity(name)`, `attribute(o, name)`
and `plain(value)` (a comparable value; objects become their ids).
"""

import functools

from standin.hql.parser import Parser
from standin.hql.tokens import HqlError

__all__ = ["HqlError", "run"]


@functools.lru_cache(1000)
def parsed(text):
    return Parser(text).statement()


def run(text, parameters, model):
    """(query, rows of raw values) of an HQL text; the caller pages and wraps the rows."""
    query = parsed(text)
    try:
        return query, query.values({":": parameters, "model": model})
    except (KeyError, TypeError, AttributeError) as error:
        raise HqlError(f"{error!r} in: {' '.join(text.split())}") from error
