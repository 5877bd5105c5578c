"""
The files in which openstacksdk finds its clouds: clouds.yaml and secure.yaml.
"""

import os
import pathlib

import yaml
from cloud_errors import CloudError


def check(cloud, given=None):
    """
    Refuse a file that is no YAML. openstacksdk passes over it and logs the line that is wrong, which may have the
    password.

    :param cloud: name of the cloud, with which the text begins
    :param given: path of a clouds.yaml, instead of where openstacksdk looks for one
    :raises CloudError: names the file and the line, and never what is in it
    """
    from openstack.config import loader

    clouds = [given] if given else [os.environ.get("OS_CLIENT_CONFIG_FILE"), *loader.CONFIG_FILES]
    for files in (clouds, [os.environ.get("OS_CLIENT_SECURE_FILE"), *loader.SECURE_FILES]):
        for path in files:
            if path and not path.endswith("json") and os.access(path, os.R_OK):
                _check_yaml(cloud, path)
                break


def _check_yaml(cloud, path):
    try:
        yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "its characters"
        raise CloudError(f"cloud {cloud}: {path}: expected YAML, found something else at {where}") from None
