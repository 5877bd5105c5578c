"""The words of an HQL text."""

import re

TOKEN = re.compile(
    r"\s*('(?:[^']|'')*'|\d+(?:\.\d+)?|:\w+|[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*|<=|>=|!=|<>|\|\||[-+*/=<>(),])"
)
RESERVED = frozenset(
    re.findall(
        r"\w+",
        "select from where group order by having join left right inner outer fetch as on and or not in is null like "
        "exists case when then else end asc desc distinct new map",
    )
)


class HqlError(Exception):
    """The text can't be parsed, or names something that is not there."""


def tokens(text):
    """List of tokens; a path like `a . b` is one token without blanks."""
    text, found, at = text.strip(), [], 0
    while at < len(text):
        hit = TOKEN.match(text, at)
        if not hit:
            raise HqlError(f"unexpected character at {text[at : at + 10]!r} in: {' '.join(text.split())}")
        word = hit.group(1)
        found.append(word if word[0] == "'" else re.sub(r"\s", "", word))
        at = hit.end()
    return found


def literal(token):
    """(value,) of a literal, None for anything else; the * of count(*) counts as 1."""
    if token[0] == "'":
        return (token[1:-1].replace("''", "'"),)
    if token[0].isdigit():
        return (float(token) if "." in token else int(token),)
    words = {"true": True, "false": False, "null": None, "*": 1}
    return (words[token.lower()],) if token.lower() in words else None
