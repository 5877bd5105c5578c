"""Who may have visitors, through Salt's real loaders; the mine, the network and OMERO.web's page are doubles."""

import json

import omero_wait
import pytest

ONE, TWO, PROXY = "idr-test-omeroreadonly-1", "idr-test-omeroreadonly-2", "idr-test-proxy"
ADDRESSES = {ONE: ["10.1.0.2"], TWO: ["10.1.0.3"], PROXY: ["10.1.0.9"], "idr-demo-omeroreadonly-1": ["10.1.0.8"]}
PILLAR = {"environment": {"name": "idr-test", "network": "10.1.0.0/24", "allinone": [], "public": "omeroreadonly"}}
MINE = '''"""Test double of Salt's mine: the host's own update publishes what it says of itself, unless it is broken."""
import json, pathlib, re
FILE = pathlib.Path({path!r})
def get(tgt, fun, tgt_type="glob"):
    assert tgt_type == "pcre"
    known = json.loads(FILE.read_text())[fun]
    return {{host: data for host, data in known.items() if re.match(tgt, host)}}
def update():
    known = json.loads(FILE.read_text())
    known["updates"] += 1
    if known["updates"] > known["broken"]:
        known["serving"][__opts__["id"]] = pathlib.Path({mark!r}).exists()
    FILE.write_text(json.dumps(known))
'''
HTTP = '''"""Test double of Salt's HTTP client."""
import json, pathlib
FILE = pathlib.Path({path!r})
def query(url):
    known = json.loads(FILE.read_text())
    known["asked"].append(url)
    FILE.write_text(json.dumps(known))
    return known["answer"]
'''


class Site:
    """What the doubles say."""

    def __init__(self, folder, loaders):
        self.folder, self.loaders = folder, loaders
        self.mark = folder / "made/serving"
        modules = folder / "double/_modules"
        modules.mkdir(parents=True)
        (modules / "mine.py").write_text(MINE.format(path=str(folder / "mine"), mark=str(self.mark)))
        (modules / "http.py").write_text(HTTP.format(path=str(folder / "page")))
        self.mine(serving={})
        self.page({"body": "OK"})

    def mine(self, serving, address=ADDRESSES, broken=0):
        """Say who serves."""
        known = {"address": address, "serving": serving, "updates": 0, "broken": broken}
        (self.folder / "mine").write_text(json.dumps(known))

    def known(self):
        """What the mine knows."""
        return json.loads((self.folder / "mine").read_text())

    def page(self, answer):
        """Say what OMERO.web answers."""
        (self.folder / "page").write_text(json.dumps({"answer": answer, "asked": []}))

    def apply(self, state, host=ONE, test=False, **arguments):
        """Apply a state of the real loaders; the mark is the test's own."""
        loaded = self.loaders(minion_id=host, pillar=PILLAR, test=test, module_dirs=[self.folder / "double"])
        loaded.functions["idr.serving"].__globals__["MARK"] = str(self.mark)
        ret = loaded.states[state]("a name", **{"timeout": 1, **arguments})
        assert set(ret) == {"name", "result", "comment", "changes"}
        return ret


@pytest.fixture
def site(tmp_path, salt_loaders):
    """A site whose OMERO.web answers and whose mine knows addresses."""
    return Site(tmp_path, salt_loaders)


def test_a_server_offers_itself_once(site):
    predicted = site.apply("idr.serving", test=True)
    assert predicted["result"] is None
    assert (site.mark.exists(), site.known()["updates"]) == (False, 0)
    done = site.apply("idr.serving")
    assert (done["result"], done["changes"]) == (True, predicted["changes"])
    assert done["changes"] == {"serving": {"old": False, "new": True}}
    assert site.known()["serving"] == {ONE: True}
    again = site.apply("idr.serving")
    assert (again["result"], again["changes"]) == (True, {})
    assert site.apply("idr.serving", test=True)["result"] is True
    assert site.known()["updates"] == 1


@pytest.mark.parametrize("answer", [{"error": "refused"}, {"body": "NOT OK"}])
def test_a_sick_one_does_not(site, answer):
    site.page(answer)
    ret = site.apply("idr.serving", timeout=1)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "within 1 s OMERO.web" in ret["comment"]
    assert (site.mark.exists(), site.known()["updates"]) == (False, 0)
    ret = site.apply("idr.serving", test=True, timeout=60)
    assert (ret["result"], ret["changes"]) == (None, {})


def test_one_that_serves_and_falls_ill_keeps_its_word(site):
    site.apply("idr.serving")
    site.page({"error": "refused"})
    assert site.apply("idr.serving", timeout=0)["result"] is False
    # The front end's own check keeps visitors away.
    assert site.mark.exists()


def test_a_mine_that_has_lost_it_is_told_again(site):
    site.apply("idr.serving")
    site.mine(serving={})
    ret = site.apply("idr.serving")
    assert ret["result"] is True
    assert site.known()["serving"] == {ONE: True}


def test_a_mine_that_takes_a_while_is_waited_for(site):
    site.mine(serving={}, broken=1)
    assert site.apply("idr.serving", timeout=6)["result"] is True
    assert site.known()["updates"] == 2


def test_a_mine_that_does_not_take_it_is_a_failure(site):
    site.mine(serving={}, broken=99)
    ret = site.apply("idr.serving", timeout=1)
    assert ret["result"] is False
    assert "the mine does not take it within 1 s" in ret["comment"]


def test_a_mine_without_this_host_is_a_failure(site):
    site.mine(serving={}, address={})
    ret = site.apply("idr.serving", timeout=1)
    assert ret["result"] is False
    assert "the mine has no 'address'" in ret["comment"]


def test_a_mark_that_cannot_be_written_is_a_failure(site):
    site.mark.parent.write_text("")
    ret = site.apply("idr.serving", timeout=1)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "made" in ret["comment"]


@pytest.fixture
def front(site, tmp_path):
    """Function that applies the front end's state, with a configuration of this text or none."""

    def front(text=None, test=False, **arguments):
        path = tmp_path / "haproxy.cfg"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        arguments = {"expected": [ONE, TWO, PROXY], "timeout": 1, **arguments}
        return site.apply("idr.servers_serving", PROXY, test, configuration=str(path), **arguments)

    return front


PACKAGED = "global\n    log /dev/log local0\ndefaults\n    mode http\n"
OURS = f"{PACKAGED}backend readonly\n    server {ONE} {ONE}:80 check\n"


@pytest.mark.parametrize("text", [None, PACKAGED, OURS])
@pytest.mark.parametrize("test", [False, True])
def test_all_serve(site, front, text, test):
    site.mine(serving={ONE: True, TWO: True})
    ret = front(text, test)
    assert (ret["result"], ret["changes"], ret["comment"]) == (True, {}, "2 serve")


@pytest.mark.parametrize("text", [None, PACKAGED, OURS])
def test_with_none_nothing_is_written_over_what_is_there(site, front, text):
    site.mine(serving={ONE: False, "idr-demo-omeroreadonly-1": True})
    ret = front(text)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "No server serves within 1 s" in ret["comment"]
    assert front(text, test=True, timeout=900)["result"] is None


@pytest.mark.parametrize("text", [None, PACKAGED, OURS])
def test_one_is_enough_in_the_end(site, front, text):
    site.mine(serving={TWO: True})
    ret = front(text)
    assert (ret["result"], ret["comment"]) == (True, f"1 serve, not yet {ONE}")


def test_a_new_front_end_waits_for_all_and_one_that_runs_for_none(site, front, monkeypatch):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        site.mine(serving={ONE: True, TWO: True})

    # A wait whose sleep takes no time and brings the other one.
    monkeypatch.setattr(omero_wait.until, "__defaults__", (2, lambda: sum(slept), sleep))
    site.mine(serving={TWO: True})
    assert front(OURS, timeout=60)["comment"] == f"1 serve, not yet {ONE}"
    assert slept == []
    assert front(PACKAGED, timeout=60)["comment"] == "2 serve"
    assert slept == [2]


def test_a_front_end_that_the_mine_does_not_know_says_so(site, front):
    site.mine(serving={ONE: True}, address={})
    ret = front()
    assert ret["result"] is False
    assert "the mine has no 'address'" in ret["comment"]
