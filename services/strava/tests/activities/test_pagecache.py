from uuid import uuid4

from strava.activities.pagecache import PageCache

ONE, OTHER = (uuid4(), ""), (uuid4(), "")


def test_a_page_is_given_for_its_version_only() -> None:
    cache = PageCache()
    cache.put(ONE, 1, (b"page", '"tag"'))
    assert cache.get(ONE, 1) == (b"page", '"tag"')
    assert cache.get(ONE, 2) is None
    assert cache.get(OTHER, 1) is None
    assert cache.get((ONE[0], "limit=5"), 1) is None


def test_the_least_recently_used_page_goes_when_space_runs_out() -> None:
    cache = PageCache(most_bytes=10)
    third = (uuid4(), "")
    cache.put(ONE, 1, (b"12345", ""))
    cache.put(OTHER, 1, (b"12345", ""))
    cache.get(ONE, 1)
    cache.put(third, 1, (b"12345", ""))
    assert cache.get(OTHER, 1) is None
    assert cache.get(ONE, 1)
    cache.put(third, 2, (b"1234567890", ""))
    assert cache.get(ONE, 1) is None
    assert cache.get(third, 2)


def test_a_page_larger_than_the_cache_is_not_kept() -> None:
    cache = PageCache(most_bytes=3)
    cache.put(ONE, 1, (b"12345", ""))
    assert cache.get(ONE, 1) is None
