"""omero_endpoints: where a server listens."""

import omero_endpoints
import pytest

TCP = """  sl  local_address rem_address   st tx_queue
   0: 0100007F:0FDD 00000000:0000 0A 00000000:00000000
   1: 0100007F:9C40 0100007F:0FE0 01 00000000:00000000
"""
TCP6 = """  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0FE0 00000000000000000000000000000000:0000 0A 00000000:00000000
"""


def test_defaults():
    found = omero_endpoints.endpoints({})
    assert {name: (one["host"], one["port"]) for name, one in found.items()} == {
        "registry": ("127.0.0.1", 4061),
        "ssl": ("*", 4064),
        "tcp": ("*", 4063),
    }
    assert found["ssl"]["endpoint"] == "ssl -h * -p 4064"
    assert found["registry"]["endpoint"] == "tcp -h 127.0.0.1 -p 4061"


def test_a_prefix_is_put_before_the_port():
    found = omero_endpoints.endpoints({"omero.ports.prefix": "2", "omero.ports.ssl": "500"})
    assert (found["ssl"]["port"], found["tcp"]["port"]) == (2500, 24063)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"omero.ports.ssl": "x"}, "omero.ports.ssl"),
        ({"omero.ports.prefix": "7"}, "omero.ports.registry"),
        ({"omero.client.icetransports": "ssl,udp"}, "udp"),
        ({"omero.client.icetransports": "registry"}, "registry"),
    ],
)
def test_what_cannot_be_is_named(properties, expected):
    with pytest.raises(ValueError, match=expected):
        omero_endpoints.endpoints(properties)


def test_listening():
    assert omero_endpoints.listening(TCP, TCP6) == {4061, 4064}
    assert omero_endpoints.listening("") == set()
