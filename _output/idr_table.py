"""
Shows a dictionary by host as a table: ``{host: {column: value}}``.
"""

__virtualname__ = "idr_table"


def __virtual__():
    return __virtualname__


def output(data, **_kwargs):
    """
    Return the table as text; anything of another form as Salt shows it.

    CLI Example:

    .. code-block:: bash

        salt-run idr.joins --out=idr_table
    """
    if not isinstance(data, dict) or not all(isinstance(row, dict) for row in data.values()):
        return __salt__["out.string_format"](data, "nested") if "out.string_format" in __salt__ else str(data)
    if not data:
        return "nothing"
    columns = list(next(iter(data.values())))
    lines = [["host", *columns]]
    lines += [[str(host), *(_text(row.get(column)) for column in columns)] for host, row in data.items()]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)  # noqa: B905


def _text(value):
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items()) or "-"
    return "-" if value is None else " ".join(str(value).split())
