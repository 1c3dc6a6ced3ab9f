import pytest
from starlette.requests import Request

from common.errors import PreconditionFailed, PreconditionRequired
from common.etag import etag_for, not_modified, require_match


def request_with(*headers: tuple[str, str]) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw})


def test_a_version_is_its_own_tag_and_bytes_are_hashed() -> None:
    assert etag_for(7) == '"7"'
    assert etag_for(b"a") == etag_for(b"a") != etag_for(b"b")
    assert etag_for(b"a").startswith('"')


def test_a_variant_of_a_version_has_its_own_tag_and_the_version_for_writes() -> None:
    assert etag_for(7, "2f") == '"7-2f"'
    assert not not_modified(request_with(("If-None-Match", '"7-2e"')), etag_for(7, "2f"))
    assert not_modified(request_with(("If-None-Match", '"7-2f-gzip"')), etag_for(7, "2f"))
    require_match(request_with(("If-Match", '"7-2e"')), 7)


@pytest.mark.parametrize(
    "header", ['"7"', 'W/"7"', '"7-gzip"', 'W/"7-br"', '"7-zstd"', '"1", "7"', '"7",, "1",', '"a,b" ,W/"7"', "*", " * "]
)
def test_a_client_that_has_it_gets_304(header: str) -> None:
    assert not_modified(request_with(("If-None-Match", header)), etag_for(7))


@pytest.mark.parametrize(
    "header", ['"8"', '"77"', '"7-other"', "7", '"', "", '"7', '"7"x', 'x"7"', '"7" "8"', '"8""7"']
)
def test_a_client_that_has_another_or_garbage_gets_it(header: str) -> None:
    assert not not_modified(request_with(("If-None-Match", header)), etag_for(7))


def test_without_a_header_it_is_sent() -> None:
    assert not not_modified(request_with(), etag_for(7))


def test_tags_may_be_spread_over_several_headers() -> None:
    assert not_modified(request_with(("If-None-Match", '"6"'), ("If-None-Match", '"7"')), etag_for(7))


@pytest.mark.parametrize("header", ['"7"', '"7-gzip"', 'W/"7"', '"6", "7"', "*"])
def test_a_write_on_the_present_version_passes(header: str) -> None:
    require_match(request_with(("If-Match", header)), 7, required=True)


@pytest.mark.parametrize("header", ['"6"', '"6-7"', '"70"', "7", "nonsense", '"7"x'])
@pytest.mark.parametrize("required", [True, False])
def test_a_write_on_another_version_is_stale(header: str, required: bool) -> None:
    with pytest.raises(PreconditionFailed):
        require_match(request_with(("If-Match", header)), 7, required=required)


def test_if_match_may_be_required() -> None:
    require_match(request_with(), 7)
    with pytest.raises(PreconditionRequired):
        require_match(request_with(), 7, required=True)
