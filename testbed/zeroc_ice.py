"""Build the zeroc-ice 3.6.5 wheel that omero-py needs, for the Python of the hosts.

PyPI has the source only. It predates CPython 3.9 in two places, and setuptools compiles its 600 files
one after the other; built here it takes a few minutes on two cores, once for each machine's cache.

Usage: python zeroc_ice.py SDIST.tar.gz OUTPUT_DIRECTORY
Needs in the interpreter: setuptools, wheel; on the machine: g++, python3-dev, libssl-dev, libbz2-dev.
"""

import concurrent.futures
import os
import pathlib
import runpy
import shutil
import subprocess
import sys
import tempfile

EDITS = {
    # CPython 3.11 has no eval.h any more
    "src/Slice.cpp": (
        "#include <eval.h>",
        "#if PY_VERSION_HEX < 0x030B0000\n#   include <eval.h>\n#endif",
    ),
    # PyThreadState is opaque since CPython 3.11; the accessor answers a new reference
    "src/Util.cpp": (
        "    PyFrameObject *f = PyThreadState_GET()->frame;\n",
        "    PyFrameObject *f = PyThreadState_GetFrame(PyThreadState_Get());\n"
        "    PyObjectHandle frameHolder = reinterpret_cast<PyObject*>(f);\n",
    ),
}


def edit(tree):
    """Apply EDITS below `tree`; an edit that does not fit exactly once is an error."""
    for name, (old, new) in EDITS.items():
        path = tree / name
        text = path.read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{path}: {old!r} was expected once, found {text.count(old)} times")
        path.write_text(text.replace(old, new))


def compile_side_by_side():
    """Make distutils compile the files of one extension on all cores."""
    from distutils import ccompiler

    import setuptools  # noqa: F401 - puts its own distutils in place of the standard one

    def compile_(self, sources, output_dir=None, macros=None, include_dirs=None, debug=0,
                 extra_preargs=None, extra_postargs=None, depends=None):  # fmt: skip
        macros, objects, extra, preprocess, build = self._setup_compile(
            output_dir, macros, include_dirs, sources, depends, extra_postargs
        )
        arguments = self._get_cc_args(preprocess, debug, extra_preargs)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for job in [
                pool.submit(self._compile, obj, *build[obj], arguments, extra, preprocess)
                for obj in objects
                if obj in build
            ]:
                job.result()
        return objects

    ccompiler.CCompiler.compile = compile_


def main(sdist, output):
    output = pathlib.Path(output).resolve()
    # unoptimised: the bindings pass messages, the compile would take three times as long
    os.environ["CFLAGS"] = "-O0 -g0"
    with tempfile.TemporaryDirectory() as scratch:
        shutil.unpack_archive(sdist, scratch)
        (tree,) = pathlib.Path(scratch).iterdir()
        edit(tree)
        os.chdir(tree)
        compile_side_by_side()
        sys.argv = ["setup.py", "--quiet", "build"]
        runpy.run_path("setup.py", run_name="__main__")
        for library in tree.glob("build/lib*/IcePy*.so"):
            subprocess.run(["strip", "--strip-unneeded", str(library)], check=True)
        sys.argv = ["setup.py", "--quiet", "bdist_wheel", "--skip-build", "--dist-dir", str(output)]
        runpy.run_path("setup.py", run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
