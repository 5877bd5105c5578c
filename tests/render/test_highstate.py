"""What can be known of a host's states without applying them."""

import idr_check
import idr_ids
import idr_secrets


def test_no_errors_and_some_states(compiled):
    assert compiled.errors == []
    assert compiled.chunks


def test_pillar_fits_its_schemas(compiled, checkout):
    assert "_errors" not in compiled.pillar
    assert idr_check.errors(compiled.pillar, idr_check.schemas(checkout / "pillar/schemas")) == []


def test_role_is_the_one_of_the_id(compiled):
    host = idr_ids.parse(compiled.opts["id"])
    assert compiled.pillar["roles"] == idr_ids.roles(host["id"], compiled.pillar["environment"]["allinone"]) != []
    assert compiled.pillar["environment"]["name"] == host["environment"]


def test_every_function_exists(compiled, every_state_function):
    assert compiled.unknown_functions(every_state_function) == []


def test_every_requisite_is_defined(compiled):
    assert compiled.undefined() == []


def test_every_source_is_served(compiled):
    missing = [path for _, path in compiled.sources() if path not in compiled.files]
    assert missing == []


def test_every_template_renders(compiled):
    templates = [(chunk, path) for chunk, path in compiled.sources() if chunk.get("template") == "jinja"]
    assert templates
    for chunk, path in templates:
        text = compiled.rendered(chunk, path)
        assert text.strip(), path
        assert "None" not in text, path


def test_secrets_are_those_of_the_role_alone(compiled):
    own = set(compiled.pillar["roles"])
    seen = {f"{group}:{name}" for group, values in compiled.pillar["secrets"].items() for name in values}
    assert seen == {name for name, roles in idr_secrets.NEEDED.items() if own & set(roles)}


def test_no_secret_is_in_a_state(compiled):
    secrets = [value for values in compiled.pillar["secrets"].values() for value in values.values()]
    shown = [chunk["__id__"] for chunk in compiled.chunks if any(secret in repr(chunk) for secret in secrets)]
    assert shown == []


def test_file_server_has_no_pillar(compiled, checkout, pillar_root):
    assert "top.sls" in compiled.files
    pillars = {path.read_bytes() for path in pillar_root.rglob("*") if path.is_file()}
    assert not [path for path in compiled.files if (checkout / "salt" / path).read_bytes() in pillars]
    assert not [path for path in compiled.files if path.split("/")[0] in ("pillar", "secrets", "env", "schemas")]


def test_file_server_has_our_modules(compiled, checkout):
    for kind in ("_modules", "_states", "_utils"):
        ours = {f"{kind}/{path.name}" for path in (checkout / kind).glob("*.py")}
        assert ours
        assert ours <= compiled.files
