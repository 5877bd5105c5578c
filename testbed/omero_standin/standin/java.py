"""STAND-IN for Java: the programs that the omero command starts with it."""

import sys

from standin import passwordutil

FULLTEXT = "ome.services.fulltext.Main"


def fulltext(arguments):
    """What `omero admin reindex` starts; there is no index of words here."""
    what = arguments[arguments.index(FULLTEXT) + 1 :]
    if not what or what[0] not in ("full", "events", "reset", "reindex", "dryrun"):
        print(f"[STAND-IN] {FULLTEXT}: no such action: {' '.join(what)}", file=sys.stderr)
        return 2
    print(f"[STAND-IN] {FULLTEXT} {' '.join(what)}: done, there is no full text index")
    return 0


def main(arguments):
    """Answer the process's exit code."""
    if arguments == ["-version"]:
        print('java version "11.0.0" [STAND-IN]', file=sys.stderr)
        return 0
    for program, run in ((passwordutil.CLASS, passwordutil.main), (FULLTEXT, fulltext)):
        if program in arguments:
            return run(arguments)
    print(f"[STAND-IN] there is no Java here, not for: {' '.join(arguments[:3])}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
