"""Pillars with one mistake each, refused by the real master for the reason that each has."""

import contextlib
import json

import pytest
import salt.runner
import yaml

PARAMETERS = "postgresql:parameters"
DATABASE, PROXY, READER, KEEPER = "database", "proxy", "omeroreadonly-1", "management"

# role, key path as it is reported, wrong value, and what the error says of it: laid over the environment's pillar
OVERLAID = [
    (DATABASE, f"{PARAMETERS}:max_connections", "many", "expected integer, found 'many'"),
    (DATABASE, f"{PARAMETERS}:max_connections", 20, "expected at least 30: 10 in reserve and omero.db.poolsize"),
    (DATABASE, f"{PARAMETERS}:work_mem", [4], "expected string or integer or boolean or number, found a list"),
    (DATABASE, f"{PARAMETERS}:Work-Mem", 4, "expected a name, a parameter of PostgreSQL, found 'Work-Mem'"),
    (DATABASE, f"{PARAMETERS}:password_encryption", "md5", "expected scram-sha-256, found 'md5'"),
    (DATABASE, f"{PARAMETERS}:ssl_min_protocol_version", "TLSv1", "expected one of TLSv1.2, TLSv1.3, found 'TLSv1'"),
    (DATABASE, f"{PARAMETERS}:listen_addresses", "*", "it follows from environment:network"),
    (DATABASE, "postgresql:databses", {}, "expected no such key, but one of databases, map"),
    (DATABASE, "postgresql:version", "16.2", "expected a major version, such as 16, found '16.2'"),
    (DATABASE, "postgresql:roles:omero:clients", "web", "expected one of database, omeroreadwrite"),
    (DATABASE, "postgresql:databases:omero:owner", "nobody", "expected one of postgresql:roles (omero, omeroreadonly)"),
    (DATABASE, "postgresql:databases:omero:readers:guest", {}, "expected one of postgresql:roles"),
    (DATABASE, "volumes:db:label", "much-too-long-label", "found 'much-too-long-label'"),
    (DATABASE, "volumes:db:path", "relative/path", "found 'relative/path'"),
    (DATABASE, "volumes:extra", {"label": "x", "path": "/x"}, "a volume of the host's profile (db)"),
    (DATABASE, "postgres", {}, "expected no such key, but one of"),
    (READER, "peers:timeout", 0, "expected minimum 1, found 0"),
    (READER, "peers:required:datbase", True, "expected no such key, but one of database"),
    (READER, "redis:parameters", "none", "expected object, found 'none'"),
    (READER, "common:packages", "curl", "expected array, found 'curl'"),
    (KEEPER, "management:lgs", {}, "expected no such key, but one of"),
    (KEEPER, "roles", ["managment"], "expected one of database, omeroreadwrite"),
    (
        PROXY,
        "proxy:cache:zones:omerorender:max_size",
        "200g",
        "expected at most 95g, 95% of volume nginxcache (100 GB)",
    ),
    (PROXY, "proxy:cache:zones:omerorender:max_size", "60g", "expected zones of at most 95g in all"),
    (PROXY, "proxy:cache:zones:omero:max_size", "ten", "found 'ten'"),
    (PROXY, "haproxy:http:check:fall", 0, "expected minimum 1, found 0"),
]

# Where the sum is wrong, the sum's key is named and not the one that was changed.
NAMED = {("proxy:cache:zones:omerorender:max_size", "60g"): "proxy:cache:zones"}


def _nested(path, value):
    for key in reversed(path.split(":")):
        value = {key: value}
    return value


@contextlib.contextmanager
def edited(path, change):
    """The file as ``change`` makes it of its text, and after that as it was."""
    text = path.read_text() if path.exists() else None
    path.write_text(change(text))
    try:
        yield path
    finally:
        path.unlink() if text is None else path.write_text(text)


def changed_yaml(change):
    """For ``edited``: ``change`` gets the data of a YAML file and alters it."""

    def apply(text):
        data = yaml.safe_load(text)
        change(data)
        return yaml.safe_dump(data)

    return apply


@pytest.fixture
def check(master, environment, joined):
    """Errors of ``idr.check``, by the master's own runner client."""

    def check():
        runner = salt.runner.RunnerClient({**master.config, "quiet": True})
        return runner.cmd("idr.check", [environment], print_event=False, full_return=True)["return"]["errors"]

    return check


@pytest.fixture
def mistake(staged, environment):
    """Context ``(host, key path, value)`` in which the environment's pillar says that of this host."""

    @contextlib.contextmanager
    def mistake(host, path, value):
        place = staged / "pillar/env" / environment
        data = json.dumps(_nested(path, value))
        text = f"{{%- if opts.id == '{host}' %}}\n{data}\n{{%- else %}}\n{{}}\n{{%- endif %}}\n"
        include = f"  - env.{environment}.mistake\n"
        with (
            edited(place / "mistake.sls", lambda _: text) as path,
            edited(place / "init.sls", lambda old: old.replace("include:\n", f"include:\n{include}")),
        ):
            yield path

    return mistake


@pytest.mark.parametrize(("role", "path", "value", "said"), OVERLAID, ids=[f"{c[1]}={c[2]}" for c in OVERLAID])
def test_mistake_is_found_where_it_is(check, mistake, environment, role, path, value, said):
    host = f"{environment}-{role}"
    with mistake(host, path, value) as file:
        errors = check()
    named = NAMED.get((path, str(value)), path)
    begin = f"{host}: {named}"
    found = [error for error in errors if error.startswith(begin) and f" (from {file}): " in error and said in error]
    assert found, errors
    assert all(error.startswith(f"{host}: ") for error in errors), errors


def _without(*keys):
    def change(data):
        for key in keys[:-1]:
            data = data[key]
        del data[keys[-1]]

    return changed_yaml(change)


def _with(value, *keys):
    def change(data):
        for key in keys[:-1]:
            data = data.setdefault(key, {})
        data[keys[-1]] = value

    return changed_yaml(change)


# file below pillar/, its change, the role and key path of the error, what it says
EDITED = [
    (
        "role/database.sls",
        _without("postgresql", "roles"),
        DATABASE,
        "postgresql:roles",
        "expected a value, found nothing",
    ),
    ("role/database.sls", _without("volumes"), DATABASE, "volumes", "expected a value, found nothing"),
    (
        "role/database.sls",
        _with("pgdg", "postgresql", "source"),
        DATABASE,
        "postgresql:repository",
        "expected a value, found nothing",
    ),
    (
        "secrets/{environment}/database.sls",
        _without("secrets", "database", "omero"),
        DATABASE,
        "secrets:database:omero",
        "expected a secret (salt-run idr.secrets makes it), found nothing",
    ),
    (
        "secrets/{environment}/database.sls",
        _with("short", "secrets", "database", "omero"),
        DATABASE,
        "secrets:database:omero",
        "found a text",
    ),
    (
        "secrets/{environment}/omeroreadwrite.sls",
        _with("another, and long enough", "secrets", "database", "omero"),
        "omeroreadwrite",
        "secrets:database:omero",
        "expected the same value as on {environment}-database, found another",
    ),
    (
        "secrets/{environment}/proxy.sls",
        _with("of nobody's business", "secrets", "omero", "root"),
        PROXY,
        "secrets:omero",
        "expected no",
    ),
    ("env/{environment}/environment.yaml", _with("10.99.0", "network"), DATABASE, "environment:network", "'10.99.0'"),
    (
        "env/{environment}/environment.yaml",
        _with("10.99.0.0/33", "network"),
        DATABASE,
        "environment:network",
        "expected a network such as 10.99.0.0/24",
    ),
]


@pytest.mark.parametrize(("file", "change", "role", "path", "said"), EDITED, ids=[f"{c[0]}-{c[3]}" for c in EDITED])
def test_what_is_missing_or_too_much_is_found(check, staged, environment, file, change, role, path, said):
    file = staged / "pillar" / file.format(environment=environment)
    with edited(file, change):
        errors = check()
    begin = f"{environment}-{role}: {path} (from {file}): "
    # Of a key that is gone, the file that has what is above it is named.
    found = [error for error in errors if error.startswith(begin) and said.format(environment=environment) in error]
    assert found or (path in ("volumes", "roles") and any(said in error for error in errors)), errors
    assert "another, and long" not in str(errors)
    assert "nobody's business" not in str(errors)


def test_overlapping_networks(check, staged, environment, address):
    with contextlib.ExitStack() as stack:
        sharing = [
            path for path in staged.glob("pillar/env/*/environment.yaml") if "shares_network" in path.read_text()
        ]
        assert sharing
        for path in sharing:
            stack.enter_context(edited(path, _without("shares_network_with")))
        errors = check()
    file = staged / "pillar/env" / environment / "environment.yaml"
    assert (
        f"{environment}-proxy: environment:network (from {file}): expected a network that does not overlap"
        in "".join(errors)
    )
    assert f"{address}/32 of elsewhere" in errors[0]


def test_file_that_is_no_yaml_and_schema_that_is_none(check, staged):
    with edited(staged / "pillar/common/base.sls", lambda _: "common: {"):
        assert any("common.base" in error for error in check())
    schema = staged / "pillar/schemas/common.json"
    with edited(schema, lambda text: text.replace('"object"', '"objct"', 1)):
        assert all(f"{schema}: $.type: 'objct'" in error for error in check())
    assert check() == []


@pytest.fixture
def trace(staged):
    """What a state leaves when it is applied."""
    path = staged / "trace"
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


def test_good_pillar_is_applied(cli, joined, environment, trace):
    answer = cli(f"{environment}-proxy", "state.apply", "trace", "test=False")
    assert [state["result"] for state in answer.values()] == [True], answer
    assert trace.exists()


@pytest.mark.parametrize(
    ("role", "path", "value", "said"),
    [
        (PROXY, "haproxy:http:check:fall", 0, "expected minimum 1, found 0"),
        (PROXY, "proxy:cache:zones:omerorender:max_size", "200g", "95% of volume nginxcache"),
        (PROXY, "poxy", {}, "expected no such key"),
        (DATABASE, f"{PARAMETERS}:max_connections", 20, "expected at least 30"),
    ],
)
def test_bad_pillar_is_not_applied(cli, joined, mistake, environment, trace, role, path, value, said):
    host = f"{environment}-{role}"
    with mistake(host, path, value) as file:
        for arguments in (("state.apply", "trace", "test=False"), ("state.apply", "test=True")):
            answer = cli(host, *arguments)
            assert isinstance(answer, list), answer
            assert any(f"{path} (from {file}): " in line and said in line for line in answer), answer
            assert answer[0].startswith("Pillar failed to render")
        # The mine and whatever else is the minion's goes on.
        assert cli(host, "mine.update") is True
        assert [peer["id"] for peer in cli(host, "idr.peers")]
    assert not trace.exists()
    assert cli(host, "state.apply", "trace", "test=False")
    assert trace.exists()


def test_broken_schema_refuses_everything(cli, joined, staged, environment, trace):
    schema = staged / "pillar/schemas/common.json"
    with edited(schema, lambda _: "{"):
        answer = cli(f"{environment}-proxy", "state.apply", "trace", "test=False")
    assert str(schema) in str(answer)
    assert not trace.exists()
