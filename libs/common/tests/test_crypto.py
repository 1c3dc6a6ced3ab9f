import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.crypto import DecryptionFailed, KeyRefused, KeyRing

# Fixed, since test names are made from them and must be the same in every process of a parallel run.
OLD = "k1:" + base64.b64encode(hashlib.sha256(b"old").digest()).decode()
NEW = "k2:" + base64.b64encode(hashlib.sha256(b"new").digest()).decode()
RING = KeyRing.from_setting(OLD)


def setting(key: bytes) -> str:
    return f"k:{base64.b64encode(key).decode()}"


@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_is_sealed_can_be_read_again(plaintext: bytes, place: str) -> None:
    assert RING.decrypt(RING.encrypt(plaintext, associated=place), associated=place) == plaintext


def test_the_same_text_is_never_sealed_the_same_way() -> None:
    assert RING.encrypt(b"x", associated="a") != RING.encrypt(b"x", associated="a")


def test_a_value_moved_to_another_row_does_not_open() -> None:
    value = RING.encrypt(b"token", associated="strava_tokens.access_token/1")
    with pytest.raises(DecryptionFailed):
        RING.decrypt(value, associated="strava_tokens.access_token/2")


def test_every_changed_bit_is_noticed() -> None:
    value = RING.encrypt(b"token", associated="a")
    for index in range(len(value)):
        changed = bytearray(value)
        changed[index] ^= 1
        with pytest.raises(DecryptionFailed):
            RING.decrypt(bytes(changed), associated="a")


def test_every_cut_is_noticed() -> None:
    value = RING.encrypt(b"token", associated="a")
    for length in range(len(value)):
        with pytest.raises(DecryptionFailed):
            RING.decrypt(value[:length], associated="a")


def test_rotation_reads_old_values_and_says_which_to_renew() -> None:
    old_value = RING.encrypt(b"token", associated="a")
    ring = KeyRing.from_setting(f"{NEW},{OLD}")
    assert ring.active == "k2"
    assert ring.needs_rotation(old_value)
    assert ring.decrypt(old_value, associated="a") == b"token"
    new_value = ring.encrypt(b"token", associated="a")
    assert not ring.needs_rotation(new_value)
    with pytest.raises(DecryptionFailed, match="k1"):
        KeyRing.from_setting(NEW).decrypt(old_value, associated="a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        "k:",
        "k:not base64!",
        "no-colon",
        setting(b"short"),
        setting(bytes(31)),
        setting(bytes(32)),
        setting(bytes(range(32))),
        setting(b"change-me-change-me-change-me-32"),
        setting(b"\xff\x00" * 16),
        OLD.replace("k1", "k 1"),
        OLD.replace("k1", ""),
        f"{OLD},{OLD}",
    ],
)
def test_keys_that_are_missing_short_or_examples_are_refused(text: str) -> None:
    with pytest.raises(KeyRefused) as caught:
        KeyRing.from_setting(text)
    assert OLD.split(":")[1] not in str(caught.value)
