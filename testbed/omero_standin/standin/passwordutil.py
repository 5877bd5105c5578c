"""What `omero db script` and `omero db password` ask of Java: ome.security.auth.PasswordUtil PASSWORD [USER_ID]."""

import sys

from standin.digests import digest

CLASS = "ome.security.auth.PasswordUtil"


def main(arguments):
    """Answer the process's exit code; prints the digest, unsalted without a user's id."""
    password, *user = arguments[arguments.index(CLASS) + 1 :] or [None]
    if password is None or len(user) > 1 or not all(u.isdigit() for u in user):
        print("[STAND-IN] expected: PasswordUtil PASSWORD [USER_ID]", file=sys.stderr)
        return 1
    print(digest(password, int(user[0]) if user else None) if password.strip() else password)
    return 0
