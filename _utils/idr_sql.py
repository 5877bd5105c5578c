"""
Text that goes into SQL statements.
"""

import re

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def identifier(name):
    """
    Return ``name`` quoted as an identifier.

    :raises ValueError: it is not lower-case letters, digits and underscores: nothing else is needed here, and
        nothing else can break out.
    """
    if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r}: expected lower-case letters, digits and underscores, at most 63")
    return f'"{name}"'


def literal(value):
    """
    Return a value quoted as a string literal.
    """
    return "'" + str(value).replace("'", "''") + "'"


def dollars(text, tag="idr"):
    """
    Return a text in dollar quotes, in which nothing has to be escaped.

    :raises ValueError: it has the end of the quotes in it
    """
    if f"${tag}$" in text:
        raise ValueError(f"expected a text without ${tag}$")
    return f"${tag}${text}${tag}$"
