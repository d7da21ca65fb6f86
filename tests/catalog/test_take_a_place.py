"""Places at endpoints: as many as there are, each given back once."""

from concurrent.futures import ThreadPoolExecutor

from catalog import places

ENDPOINT = 7_000_001


def test_there_are_as_many_places_as_the_endpoint_takes() -> None:
    first, second = places.take(ENDPOINT, 2), places.take(ENDPOINT, 2)
    assert first
    assert second
    assert places.take(ENDPOINT, 2) is None
    assert ENDPOINT in places.full()
    first.leave()
    assert ENDPOINT not in places.full()
    second.leave()


def test_leaving_twice_frees_one_place() -> None:
    first, second = places.take(ENDPOINT, 2), places.take(ENDPOINT, 2)
    assert first
    assert second
    first.leave()
    first.leave()
    third = places.take(ENDPOINT, 2)
    assert third
    assert places.take(ENDPOINT, 2) is None
    second.leave()
    third.leave()


def test_many_threads_never_take_more_than_there_are() -> None:
    with ThreadPoolExecutor(16) as pool:
        taken = [place for place in pool.map(lambda _: places.take(ENDPOINT, 5), range(200)) if place]
    assert len(taken) == 5
    for place in taken:
        place.leave()
    assert ENDPOINT not in places.full()
