"""Pillar and highstate of a host, compiled by Salt itself, without a master and without applying anything."""

import copy
import fnmatch
import pathlib

import salt.config
import salt.loader
import salt.pillar
import salt.state
import salt.utils.templates

REQUISITES = (
    "require",
    "watch",
    "onchanges",
    "onfail",
    "prereq",
    "use",
    "listen",
    "require_any",
    "watch_any",
    "onchanges_any",
)


def options(checkout, pillar_root, cache, grains, mine, state_root=None):
    """Minion options for one host."""
    opts = copy.deepcopy(salt.config.DEFAULT_MINION_OPTS)
    opts.update(
        id=grains["id"],
        grains=grains,
        file_client="local",
        file_roots={"base": [str(state_root or checkout / "salt")]},
        pillar_roots={"base": [str(pillar_root)]},
        module_dirs=[str(checkout), str(pathlib.Path(__file__).parent / "doubles")],
        root_dir=str(cache),
        cachedir=str(cache / "cache"),
        extension_modules=str(cache / "extmods"),
        pki_dir=str(cache / "pki"),
        conf_file=str(cache / "minion"),
        minion_data_cache=False,
        test_mine=mine,
    )
    _synchronize(opts)
    return opts


def _synchronize(opts):
    """Give the host what top.sls would synchronize first, which takes longer than all the rest."""
    for top in map(pathlib.Path, opts["module_dirs"]):
        for kind in ("modules", "states", "utils"):
            own = pathlib.Path(opts["extension_modules"], kind)
            own.mkdir(parents=True, exist_ok=True)
            for path in (top / f"_{kind}").glob("*.py"):
                (own / path.name).symlink_to(path)


class Compiled:
    """One host's pillar, state chunks and loaders."""

    def __init__(self, opts):
        self.opts = opts
        self.pillar = salt.pillar.Pillar(opts, opts["grains"], opts["id"], "base").compile_pillar()
        highstate = salt.state.HighState(opts, initial_pillar=self.pillar)
        result = highstate.compile_low_chunks()
        self.errors = [str(item) for item in result if not isinstance(item, dict)]
        self.chunks = [item for item in result if isinstance(item, dict)]
        self.states = highstate.state.states
        self.functions = highstate.state.functions
        self.files = set(highstate.client.file_list("base"))

    def sources(self):
        """``(chunk, path)`` of each file that a state takes from the file server."""
        for chunk in self.chunks:
            given = chunk.get("source") or []
            for source in [given] if isinstance(given, str) else given:
                if isinstance(source, str) and source.startswith("salt://"):
                    yield chunk, source.removeprefix("salt://")

    def undefined(self):
        """Requisites that no state answers to."""
        found = []
        for chunk in self.chunks:
            for kind in REQUISITES:
                for requisite in chunk.get(kind, []):
                    found += [
                        f"{chunk['__id__']}: {kind} {state}: {name}"
                        for state, name in requisite.items()
                        if not self._defined(state, name)
                    ]
        return found

    def _defined(self, state, name):
        if state == "sls":
            return any(fnmatch.fnmatch(chunk["__sls__"], name) for chunk in self.chunks)
        return any(
            chunk["state"] == state and (fnmatch.fnmatch(chunk["__id__"], name) or fnmatch.fnmatch(chunk["name"], name))
            for chunk in self.chunks
        )

    def unknown_functions(self, names):
        """State functions that are neither in the loader nor among ``names``, which no virtual module hides."""
        used = {f"{chunk['state']}.{chunk['fun']}" for chunk in self.chunks}
        return sorted(name for name in used if name not in self.states and name not in names)

    def rendered(self, chunk, path):
        """Text of a template as ``file.managed`` would write it."""
        source = next(root for root in self.opts["file_roots"]["base"] if (pathlib.Path(root) / path).exists())
        result = salt.utils.templates.JINJA(
            str(pathlib.Path(source) / path),
            to_str=True,
            context={**chunk.get("defaults", {}), **chunk.get("context", {})},
            salt=self.functions,
            grains=self.opts["grains"],
            pillar=self.pillar,
            opts=self.opts,
            saltenv="base",
            sls=chunk["__sls__"],
        )
        if not result["result"]:
            raise AssertionError(f"{path}: {result['data']}")
        return result["data"]


def every_state_function(opts):
    """
    Names of all state functions, those of modules included that only load where their programs are installed.
    """
    functions = salt.loader.minion_mods(opts)
    loader = salt.loader.states(opts, functions, salt.loader.utils(opts), salt.loader.serializers(opts))
    plain = salt.loader.LazyLoader(loader.module_dirs, opts, tag="states", virtual_enable=False)
    names = set()
    for name in plain:
        module, function = name.split(".", 1)
        virtual = plain[name].__globals__.get("__virtualname__", module)
        names.add(f"{virtual}.{function}")
    return names
