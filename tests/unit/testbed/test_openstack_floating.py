"""Rules by which floating IPs of the OpenStack stand-in lead to servers."""

import subprocess

from stand_in import floating

PAIRS = [("198.51.100.9", "10.97.4.9"), ("198.51.100.7", "10.97.4.20")]


def test_each_leads_to_its_address_from_everywhere():
    text = floating.ruleset(PAIRS)
    assert text.count("ip daddr 198.51.100.7 dnat to 10.97.4.20\n") == 2
    assert "hook output" in text
    assert "hook prerouting" in text


def test_the_old_rules_go_with_the_same_transaction():
    gone = [f"table {floating.TABLE}", f"delete table {floating.TABLE}"]
    assert floating.ruleset(PAIRS).splitlines()[:2] == gone
    assert floating.ruleset([]).splitlines() == gone


def test_nft_takes_them_again_and_again(as_root):
    load = ["unshare", "--net", floating.NFT, "-f", "-"]
    text = floating.ruleset(PAIRS) * 2 + floating.ruleset([]) * 2
    done = subprocess.run(load, input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
