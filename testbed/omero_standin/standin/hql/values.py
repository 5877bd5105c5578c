"""Operators and functions on plain values; None is SQL's null."""

import operator
import re


def like(value, pattern):
    return bool(re.fullmatch(re.escape(pattern).replace("%", ".*").replace("_", "."), value, re.S))


OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "||": lambda a, b: str(a) + str(b),
    "like": like,
}
LEVELS = (("=", "!=", "<>", "<", ">", "<=", ">=", "like"), ("+", "-", "||"), ("*", "/"))


def smallest(values):
    return min(values, default=None)


def largest(values):
    return max(values, default=None)


AGGREGATES = {
    "count": len,
    "sum": lambda values: sum(values) if values else None,
    "min": smallest,
    "minindex": smallest,
    "max": largest,
    "maxindex": largest,
}
SCALARS = {
    "lower": lambda a: a and a.lower(),
    "upper": lambda a: a and a.upper(),
    "type": lambda a: a,
    "length": lambda a: None if a is None else len(a),
    "coalesce": lambda *values: next((v for v in values if v is not None), None),
}


def either(a, b):
    return True if a or b else None if a is None or b is None else False


def negate(a):
    return None if a is None else not a
