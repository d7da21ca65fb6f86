from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from clod_site.lib import clock

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_now_is_an_aware_instant_in_utc():
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        assert clock.now() == utc("2026-11-22T12:00")
        assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("UTC", "2026-11-22T23:59:59", "2026-11-22"),
        ("Asia/Kathmandu", "2026-11-22T18:14:59", "2026-11-22"),
        ("Asia/Kathmandu", "2026-11-22T18:15:00", "2026-11-23"),
        ("America/Toronto", "2026-11-01T04:30:00", "2026-11-01"),
        ("Pacific/Kiritimati", "2026-12-31T10:00:00", "2027-01-01"),
    ],
)
def test_the_day_is_the_local_one(zone, instant, day):
    assert clock.day_key(zone, utc(instant)) == day
    assert clock.month_key(zone, utc(instant)) == day[:7]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Toronto", date(2026, 3, 8), 23),
        ("America/Toronto", date(2026, 11, 1), 25),
        ("America/Santiago", date(2026, 9, 6), 23),
        ("America/Santiago", date(2026, 4, 4), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Africa/Cairo", date(2026, 10, 29), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Asia/Kathmandu", date(2026, 6, 1), 24),
    ],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(zone, day, hours):
    start = clock.day_start(zone, day)
    assert clock.next_day(zone, start) - start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day", "first_instant"),
    [
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00"),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00"),
    ],
)
def test_a_day_without_a_midnight_begins_at_one_o_clock(zone, day, first_instant):
    start = clock.day_start(zone, day)
    assert start == utc(first_instant)
    assert start.astimezone(ZoneInfo(zone)).hour == 1


def test_a_midnight_that_happens_twice_counts_from_the_first():
    """Azores clocks go back from 01:00 to 00:00 on 25 October 2026: there are two midnights."""
    start = clock.day_start("Atlantic/Azores", date(2026, 10, 25))
    assert start == utc("2026-10-25T00:00")
    assert clock.next_day("Atlantic/Azores", start) - start == timedelta(hours=25)


@pytest.mark.parametrize(
    ("zone", "instant", "begins"),
    [
        ("UTC", "2026-12-31T23:59", "2027-01-01T00:00"),
        ("UTC", "2028-02-29T12:00", "2028-03-01T00:00"),
        ("Asia/Kathmandu", "2026-01-31T18:14", "2026-01-31T18:15"),
        ("America/Toronto", "2026-10-15T00:00", "2026-11-01T04:00"),
    ],
)
def test_the_next_month_begins_at_its_first_local_instant(zone, instant, begins):
    assert clock.next_month(zone, utc(instant)) == utc(begins)


@given(ZONES, INSTANTS)
def test_the_next_day_is_ahead_and_is_its_day_s_very_first_second(zone, instant):
    begins = clock.next_day(zone, instant)
    assert begins > instant
    assert clock.day_key(zone, begins) > clock.day_key(zone, instant)
    assert clock.day_key(zone, begins - timedelta(seconds=1)) < clock.day_key(zone, begins)


@given(ZONES, INSTANTS)
def test_the_next_month_is_ahead_and_has_another_key(zone, instant):
    begins = clock.next_month(zone, instant)
    assert begins > instant
    assert clock.month_key(zone, begins) > clock.month_key(zone, instant)


def test_the_monotonic_clock_does_not_go_back():
    assert clock.monotonic() <= clock.monotonic()
