import idr_hosts
import pytest

PEERS = [{"id": "e-database", "address": "10.0.0.1"}, {"id": "e-proxy", "address": "10.0.0.2"}]
BLOCK = f"{idr_hosts.BEGIN}\n10.0.0.1 e-database\n10.0.0.2 e-proxy\n{idr_hosts.END}\n"


@pytest.mark.parametrize("text", ["", "127.0.0.1 localhost\n"])
def test_block_is_added(text):
    assert idr_hosts.replace(text, PEERS) == text + BLOCK


def test_last_line_gets_its_end():
    assert idr_hosts.replace("127.0.0.1 localhost", PEERS) == "127.0.0.1 localhost\n" + BLOCK


def test_block_is_replaced_where_it_is():
    text = "before\n" + BLOCK + "after\n"
    assert idr_hosts.replace(text, PEERS) == text
    assert idr_hosts.replace(text, PEERS[:1]) == text.replace("10.0.0.2 e-proxy\n", "")


@pytest.mark.parametrize(
    "text",
    [idr_hosts.BEGIN, idr_hosts.END, f"{idr_hosts.END}\n{idr_hosts.BEGIN}\n", BLOCK + BLOCK],
)
def test_damaged_block_is_refused(text):
    with pytest.raises(ValueError, match="expected one line"):
        idr_hosts.replace(text, PEERS)


def test_names_are_those_of_the_block():
    peers = [{"id": "idr-x-proxy", "address": "192.0.2.1"}, {"id": "idr-x-database", "address": "192.0.2.2"}]
    text = idr_hosts.replace("127.0.0.1 localhost\n", peers) + "192.0.2.9 stranger\n"
    assert idr_hosts.names(text) == ["idr-x-proxy", "idr-x-database"]
    assert idr_hosts.names("127.0.0.1 localhost\n") == []
