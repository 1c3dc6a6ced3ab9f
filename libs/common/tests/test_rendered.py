from uuid import UUID

from common.rendered import Rendered

ANA, BO = UUID(int=1), UUID(int=2)


def test_a_body_is_good_for_its_version_athlete_and_address_only() -> None:
    rendered = Rendered()
    rendered.keep((ANA, "/plans?"), 3, b"of version 3")
    assert rendered.find((ANA, "/plans?"), 3) == b"of version 3"
    for place, version in (((ANA, "/plans?"), 4), ((BO, "/plans?"), 3), ((ANA, "/plans?limit=5"), 3)):
        assert rendered.find(place, version) is None


def test_what_was_not_asked_for_the_longest_goes_first_and_the_size_stays_bounded() -> None:
    rendered = Rendered(most_bytes=10_000)
    for place in ("/a", "/b"):
        rendered.keep((ANA, place), 1, b"x" * 4000)
    assert rendered.find((ANA, "/a"), 1)
    rendered.keep((ANA, "/c"), 1, b"x" * 4000)
    assert [bool(rendered.find((ANA, place), 1)) for place in ("/a", "/b", "/c")] == [True, False, True]
    rendered.keep((ANA, "/c"), 2, b"x" * 5000)
    assert 9_000 < rendered.size < 10_000
    rendered.keep((ANA, "/d"), 1, b"x" * 10_000)
    assert rendered.size == 0


def test_many_small_bodies_under_long_addresses_are_bounded_too() -> None:
    rendered = Rendered(most_bytes=10_000)
    for number in range(100):
        rendered.keep((ANA, f"/a?{number}" + "x" * 1000), 1, b"{}")
    assert len(rendered._known) < 10
