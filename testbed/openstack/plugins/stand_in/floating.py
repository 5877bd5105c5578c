"""Floating IPs that lead somewhere: what a router's agent does, for those who are in the control plane's namespace."""

import subprocess

NFT = "/usr/sbin/nft"
TABLE = "ip stand_in_floating"
LIMIT = 20


def ruleset(pairs):
    """The text for nft by which each floating IP leads to its fixed IP, and no other does; `pairs` are of the two."""
    rules = "".join(f"ip daddr {floating} dnat to {fixed}\n" for floating, fixed in sorted(pairs))
    # from the namespace itself, and from servers
    chains = "".join(
        f"chain {hook} {{\ntype nat hook {hook} priority -100;\n{rules}}}\n" for hook in ("output", "prerouting")
    )
    # in one transaction: the first line lets the second succeed
    gone = f"table {TABLE}\ndelete table {TABLE}\n"
    return gone + (f"table {TABLE} {{\n{chains}}}\n" if pairs else "")


def lead(pairs):
    """Let these floating IPs lead to their fixed ones; CalledProcessError when nft refuses."""
    subprocess.run([NFT, "-f", "-"], input=ruleset(pairs), text=True, check=True, timeout=LIMIT)
