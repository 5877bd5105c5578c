"""Public keys and their marks."""

import base64

import openstack_keys
import openstack_marks
import pytest
from cloud_errors import CloudError

KIND = b"ssh-ed25519"
BODY = base64.b64encode(len(KIND).to_bytes(4, "big") + KIND + (32).to_bytes(4, "big") + bytes(range(32))).decode()
LINE = f"ssh-ed25519 {BODY}"


def test_a_comment_does_not_count():
    for text in (LINE, f"{LINE} me@home", f"  {LINE} two words\n"):
        assert openstack_keys.parse(text) == LINE
    marked = openstack_keys.marked(f"{LINE} me", "lab")
    assert marked == f"{LINE} [idr-salt:lab]"
    assert openstack_marks.ours(marked, "lab")
    assert openstack_keys.parse(marked) == LINE


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "ssh-ed25519",
        f"ssh-rsa {BODY}",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 not-base64!",
        f'from="192.0.2.1" {LINE}',
        f"{LINE}\n{LINE}",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_anything_else_is_refused_without_a_word_of_it(text):
    with pytest.raises(CloudError) as caught:
        openstack_keys.parse(text)
    assert str(caught.value) == "public_key: expected one line such as in id_ed25519.pub: type, base64, comment"
