"""var/log/Blitz-0.log in the form of OMERO's, each line labelled as the stand-in's."""

import logging

LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}


class Formatter(logging.Formatter):
    def format(self, record):
        record.level = LEVELS.get(record.levelname, record.levelname)
        return super().format(record)


def open_log(path):
    """Send everything that is logged, from INFO on, to the file at `path`."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(Formatter("%(asctime)s %(level)-5s [STAND-IN] [%(name)s] (%(threadName)s) %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
