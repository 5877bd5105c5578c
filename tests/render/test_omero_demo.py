"""omero-demo with its roles on hosts of their own, and an environment made of a few lines of OMERO's manual."""

import functools
import re
import shutil

import compiling
import idr_check
import idr_cross
import idr_secrets
import pytest
import systems

RELEASE = {"version": "5.6.16", "release": {"url": "https://example.org/OMERO.server-5.6.16.zip", "sha256": "0" * 64}}

ROLES = ("database", "omeroreadonly-1", "omeroreadwrite", "proxy")


@pytest.fixture(scope="module")
def compile_pillar(checkout, pillar_root, mine, tmp_path_factory):
    """Function that compiles a host of an environment with one more SLS, which wins; each once."""

    @functools.cache
    def compile_pillar(environment, role, more=None, system="debian-12"):
        root = tmp_path_factory.mktemp("demo") / "pillar"
        hosts = {f"{environment}-{one}": ["10.98.0.9"] for one in ROLES}
        shutil.copytree(pillar_root, root)
        folder = root / "env" / environment
        if not folder.exists():
            folder.mkdir()
            (folder / "environment.yaml").write_text("network: 10.97.0.0/24\n")
            (folder / "init.sls").write_text("include: []\n")
        idr_secrets.make(root / "secrets", environment)
        server = {"omero": {"server": RELEASE}}
        (folder / "more.sls").write_text(f"{server}\n" if more is None else more)
        init = folder / "init.sls"
        text = init.read_text().replace("include: []", "include:")
        init.write_text(f"{text.rstrip()}\n  - env.{environment}.more\n")
        grains = systems.grains(system, f"{environment}-{role}", ["data", "db", "nginxcache"])
        known = {"address": {**mine["address"], **hosts}}
        return compiling.Compiled(compiling.options(checkout, root, root.parent / "minion", grains, known))

    return compile_pillar


def _wrong(compiled, checkout):
    validators = idr_check.schemas(checkout / "pillar/schemas")
    return [*idr_check.errors(compiled.pillar, validators), *idr_cross.within(compiled.pillar, memory=16000)]


def _properties(compiled, name):
    (chunk,) = [chunk for chunk in compiled.chunks if chunk["__id__"] == name]
    return chunk["properties"]


@pytest.mark.parametrize("role", ROLES)
def test_the_demo_compiles_and_fits_the_schemas(compile_pillar, checkout, role):
    compiled = compile_pillar("omero-demo", role)
    assert "_errors" not in compiled.pillar
    assert compiled.errors == []
    assert compiled.undefined() == []
    assert _wrong(compiled, checkout) == []


def test_the_demo_is_public_and_nothing_of_the_idr(compile_pillar):
    compiled = compile_pillar("omero-demo", "omeroreadwrite")
    web = _properties(compiled, "omero-web-configuration")
    assert web["omero.web.public.enabled"] is True
    assert web["omero.web.apps"] == ["omero_iviewer", "omero_figure"]
    assert not [name for name in web if "mapr" in name or "gallery" in name]
    assert _properties(compiled, "omero-server-configuration")["omero.db.host"] == "omero-demo-database"
    visible = re.compile(web["omero.web.public.url_filter"])
    assert visible.match("/webclient/img_detail/1/")
    assert visible.match("/webgateway/render_image/1/")
    for hidden in (
        "/webclient/logout/",
        "/webclient/annotate_tags/",
        "/webgateway/archived_files/download/1",
        "/webadmin/",
    ):
        assert not visible.match(hidden)


MANUAL = """
omero:
  server:
    version: 5.6.16
    release: {{url: 'https://example.org/OMERO.server-5.6.16.zip', sha256: '{digits}'}}
    config:
      # as `omero config set` takes them
      omero.sessions.timeout: 3600000
      omero.search.batch: '1000'
      omero.ldap.config: 'true'
      omero.ldap.urls: ldaps://ldap.example.org:636
      omero.jvmcfg.heap_size.blitz: 2g
      Ice.IPv6: 0
    secrets:
      omero.ldap.password: secrets:omero:ldap
  web:
    plugins:
      omero_iviewer: {{}}
      omero_parade: {{requirement: omero-parade==0.2.4, hashes: ['sha256:{digits}']}}
      omero_fpbioimage: {{}}
    config:
      omero.web.apps: '["my_app"]'
      omero.web.application_server.port: 4090
      omero.web.caches: '{{"default": {{"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}}}'
      omero.web.nginx_server_extra_config: ['add_header X-Site mine;']
      omero.web.prefix: /omero
      omero.web.session_engine: null
      omero.web.wsgi_args: --log-level debug
"""


def test_an_environment_from_the_manual_alone(compile_pillar, checkout):
    compiled = compile_pillar("lab-omero", "omeroreadwrite", MANUAL.format(digits="0" * 64))
    assert compiled.errors == []
    assert _wrong(compiled, checkout) == []
    server = _properties(compiled, "omero-server-configuration")
    assert (server["omero.sessions.timeout"], server["omero.search.batch"], server["Ice.IPv6"]) == (3600000, "1000", 0)
    (chunk,) = [chunk for chunk in compiled.chunks if chunk["__id__"] == "omero-server-configuration"]
    assert chunk["secrets"]["omero.ldap.password"] == "secrets:omero:ldap"
    web = _properties(compiled, "omero-web-configuration")
    assert web["omero.web.apps"] == ["my_app", "omero_iviewer", "omero_parade", "omero_fpbioimage"]
    assert "omero.web.session_engine" not in web
    texts = {
        chunk["name"]: compiled.rendered(chunk, path) for chunk, path in compiled.sources() if chunk.get("template")
    }
    site = texts["/etc/nginx/conf.d/omero-web.conf"]
    assert "location /omero {" in site
    assert "add_header X-Site mine;" in site
    assert "server 127.0.0.1:4090 " in site
    assert "--log-level debug\n" in texts["/etc/systemd/system/omero-web.service"]


def test_packages_of_plug_ins_have_hashes_where_anybody_names_them(compile_pillar):
    compiled = compile_pillar("lab-omero", "omeroreadwrite", MANUAL.format(digits="0" * 64))
    (chunk,) = [chunk for chunk in compiled.chunks if chunk["__id__"] == "omero-web-python"]
    lists = {name: text for one in chunk["requirements"] for name, text in one.items()}
    assert list(lists) == ["built.txt", "locked.txt", "hashed.txt", "plain.txt"]
    assert "omero-web==" in lists["locked.txt"]
    assert re.search(r"^omero-iviewer==\S+ --hash=sha256:", lists["hashed.txt"], re.MULTILINE)
    assert f"omero-parade==0.2.4 --hash=sha256:{'0' * 64}" in lists["hashed.txt"]
    assert lists["plain.txt"] == "omero-fpbioimage"
    assert "omero-figure" not in "".join(lists.values())


def test_defaults_of_the_idr_are_not_said_twice(checkout):
    """An environment's includes win over its roles, so what a role says must not be among them."""

    def said(folder):
        lines = [line for path in sorted((checkout / "pillar" / folder).glob("*.sls")) for line in path.open()]
        return {match[1] for line in lines if (match := re.match(r"      ((?:omero|Ice)\.[\w.]+):", line))}

    assert said("idr")
    assert not said("idr") & (said("role") | said("common"))
