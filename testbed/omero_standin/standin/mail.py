"""E-mail, which the stand-in writes to a file of its own instead of sending it."""

import datetime
import pathlib

PLACE = pathlib.Path("var/log/STAND-IN-mail.log")  # in the server's folder


def post(sender, addresses, subject, body):
    """Write down one message to each of the addresses."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with PLACE.open("a", encoding="utf-8") as out:
        for address in addresses:
            out.write(f"[STAND-IN] {now} not sent\nFrom: {sender}\nTo: {address}\nSubject: {subject}\n\n{body}\n\n")
