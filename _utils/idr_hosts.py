"""
The block of peers in /etc/hosts.
"""

BEGIN = "# peers of this environment, by Salt: start"
END = "# peers of this environment, by Salt: end"


def block(peers):
    """
    Lines of the block, without its markers.

    :param peers: list of ``{"id": str, "address": str}``
    :returns: text with one ``<address> <id>`` a line
    """
    return "".join(f"{peer['address']} {peer['id']}\n" for peer in peers)


def replace(text, peers):
    """
    Return the text of a hosts file with its block of peers replaced, or added at its end.

    :raises ValueError: the file has a start without an end, an end without a start, or more than one of them.
    """
    lines = text.splitlines(keepends=True)
    marks = [line.strip() for line in lines if line.strip() in (BEGIN, END)]
    new = [f"{BEGIN}\n", block(peers), f"{END}\n"]
    if not marks:
        return "".join([*_ended(lines), *new])
    if marks != [BEGIN, END]:
        raise ValueError(f"expected one line {BEGIN!r} and after it one line {END!r}, found {marks}")
    stripped = [line.strip() for line in lines]
    first, last = stripped.index(BEGIN), stripped.index(END)
    return "".join([*lines[:first], *new, *lines[last + 1 :]])


def names(text):
    """
    Names in the block of peers of a hosts file; none without a block.
    """
    lines = [line.strip() for line in text.splitlines()]
    if BEGIN not in lines or END not in lines:
        return []
    return [line.split()[1] for line in lines[lines.index(BEGIN) + 1 : lines.index(END)] if line]


def _ended(lines):
    if lines and not lines[-1].endswith("\n"):
        return [*lines[:-1], lines[-1] + "\n"]
    return lines
