from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from common.signing import AddressRefused, UrlSigner, stable_expiry

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
PATH = "/api/v1/activities/1/thumbnail"
SECRET, OTHER = b"s" * 32, b"o" * 32


def signer(*secrets: bytes, at: datetime = NOW) -> UrlSigner:
    return UrlSigner(*(secrets or (SECRET,)), clock=at.timestamp)


def parts(address: str) -> tuple[str, str, str]:
    split = urlsplit(address)
    query = parse_qs(split.query)
    return split.path, query["expires"][0], query["signature"][0]


def test_a_signed_address_is_accepted_until_it_expires() -> None:
    signed = parts(signer().sign(PATH, NOW + timedelta(hours=1)))
    signer(at=NOW + timedelta(minutes=59)).verify(*signed)
    with pytest.raises(AddressRefused) as caught:
        signer(at=NOW + timedelta(hours=1)).verify(*signed)
    assert (caught.value.status_code, caught.value.code) == (403, "address.expired")


def test_it_opens_no_other_resource_and_no_later_time() -> None:
    path, expires, signature = parts(signer().sign(PATH, NOW + timedelta(hours=1)))
    for changed in (
        (path.replace("/1/", "/2/"), expires, signature),
        (path, str(int(expires) + 1), signature),
        (path, "0" + expires, signature),
        (path, expires, signature[:-1] + ("A" if signature[-1] != "A" else "B")),
        (path, expires, signature + "="),
    ):
        with pytest.raises(AddressRefused) as caught:
            signer().verify(*changed)
        assert caught.value.code == "address.signature_invalid"


@pytest.mark.parametrize(
    ("expires", "signature"),
    [(None, "x"), ("1", None), ("", ""), ("x", "x"), ("9" * 400, "x"), ("٣", "x"), ("1", "é")],
)
def test_half_or_garbled_addresses_are_refused(expires: str | None, signature: str | None) -> None:
    with pytest.raises(AddressRefused):
        signer().verify(PATH, expires, signature)


def test_addresses_signed_with_an_older_secret_still_work() -> None:
    signed = parts(signer(OTHER).sign(PATH, NOW + timedelta(hours=1)))
    signer(SECRET, OTHER).verify(*signed)
    with pytest.raises(AddressRefused):
        signer(SECRET).verify(*signed)


def test_short_secrets_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        UrlSigner(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        UrlSigner()


def test_addresses_stay_the_same_for_a_lifetime_and_live_at_least_one() -> None:
    hour = 3600
    moments = {stable_expiry(NOW + timedelta(minutes=minute), hour) for minute in range(60)}
    assert moments == {NOW + timedelta(hours=2)}
    assert stable_expiry(NOW + timedelta(minutes=60), hour) == NOW + timedelta(hours=3)
