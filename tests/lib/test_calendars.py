"""Days and months of an organization whose time zone changes. No test here knows a database: zones, instants and keys only."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clod_site.lib import clock
from clod_site.lib.calendars import Calendar

SECOND, HOUR, A_DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
FAR_APART = ("Pacific/Kiritimati", "Pacific/Apia", "Pacific/Pago_Pago", "Pacific/Honolulu", "Etc/GMT+12", "UTC")
ODD = ("Asia/Kathmandu", "Africa/Cairo", "America/Santiago", "America/New_York", "Australia/Lord_Howe")
ZONES = st.sampled_from(FAR_APART) | st.sampled_from(ODD) | st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
BEGINS = st.datetimes(datetime(2020, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))
EARLIEST_TO_LATEST_H = 26  # from UTC−12 to UTC+14: by no zone is it another date than these two allow


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# (old zone, new zone, asked at, takes effect, the day of asking, the day after the change), all instants in UTC
CHANGES = [
    ("UTC", "UTC", "2026-06-10T12:00", "2026-06-11T00:00", "2026-06-10", "2026-06-11"),
    ("UTC", "America/Toronto", "2026-06-10T12:00", "2026-06-11T04:00", "2026-06-10", "2026-06-11"),  # the new midnight is later
    ("UTC", "Asia/Tokyo", "2026-06-10T12:00", "2026-06-11T00:00", "2026-06-10", "2026-06-11"),  # the old one is
    ("America/New_York", "UTC", "2026-03-08T12:00", "2026-03-09T04:00", "2026-03-08", "2026-03-09"),  # a day of 23 hours
    ("America/New_York", "UTC", "2026-11-01T12:00", "2026-11-02T05:00", "2026-11-01", "2026-11-02"),  # and of 25
    ("UTC", "Africa/Cairo", "2026-04-23T12:00", "2026-04-24T00:00", "2026-04-23", "2026-04-24"),
    ("Africa/Cairo", "Asia/Riyadh", "2026-04-23T20:00", "2026-04-23T22:00", "2026-04-23", "2026-04-24"),  # a day without a midnight
    ("UTC", "America/Santiago", "2026-09-05T12:00", "2026-09-06T04:00", "2026-09-05", "2026-09-06"),
    ("UTC", "Asia/Kathmandu", "2026-06-30T12:00", "2026-07-01T00:00", "2026-06-30", "2026-07-01"),
    ("Pacific/Kiritimati", "Pacific/Pago_Pago", "2026-06-10T12:00", "2026-06-12T11:00", "2026-06-11", "2026-06-12"),
    ("Pacific/Kiritimati", "Pacific/Pago_Pago", "2026-06-10T10:30", "2026-06-12T11:00", "2026-06-11", "2026-06-12"),  # two dates apart
    ("Pacific/Pago_Pago", "Pacific/Kiritimati", "2026-06-10T12:00", "2026-06-11T11:00", "2026-06-10", "2026-06-12"),
    ("UTC", "Pacific/Kiritimati", "2026-06-10T12:00", "2026-06-11T10:00", "2026-06-10", "2026-06-12"),
]


@pytest.mark.parametrize(("old", "new", "asked", "effect", "day", "next_day"), CHANGES)
def test_a_change_waits_for_both_midnights(old: str, new: str, asked: str, effect: str, day: str, next_day: str) -> None:
    calendar = Calendar(old).changed_to(new, utc(asked))
    assert calendar.changes_at == utc(effect)
    assert (calendar.zone_at(utc(effect) - SECOND), calendar.zone_at(utc(effect))) == (old, new)
    assert (calendar.day_key(utc(asked)), calendar.day_key(utc(effect))) == (day, next_day)


def test_the_last_day_of_the_old_zone_lasts_until_the_new_one_begins() -> None:
    calendar = Calendar("UTC").changed_to("America/Toronto", utc("2026-06-10T12:00"))
    assert calendar.day_key(utc("2026-06-11T03:59")) == "2026-06-10"
    assert calendar.day_ends(utc("2026-06-10T12:00")) == utc("2026-06-11T04:00")
    assert calendar.day_ends(utc("2026-06-11T04:00")) == utc("2026-06-12T04:00")


def test_a_month_ends_when_its_last_day_does() -> None:
    calendar = Calendar("UTC").changed_to("America/Toronto", utc("2026-06-30T12:00"))
    assert calendar.month_key(utc("2026-07-01T03:59")) == "2026-06"
    assert calendar.month_ends(utc("2026-06-30T12:00")) == utc("2026-07-01T04:00")
    assert calendar.month_ends(utc("2026-07-01T04:00")) == utc("2026-08-01T04:00")


def test_a_month_that_ends_after_the_change_ends_in_the_new_zone() -> None:
    calendar = Calendar("UTC").changed_to("Asia/Tokyo", utc("2026-06-10T12:00"))
    assert calendar.month_ends(utc("2026-06-10T12:00")) == utc("2026-06-30T15:00")


@given(zone=ZONES, instant=BEGINS)
def test_without_a_change_days_and_months_are_the_zone_s(zone: str, instant: datetime) -> None:
    calendar = Calendar(zone)
    assert (calendar.day_key(instant), calendar.month_key(instant)) == (clock.day_key(zone, instant), clock.month_key(zone, instant))
    assert (calendar.day_ends(instant), calendar.month_ends(instant)) == (clock.next_day(zone, instant), clock.next_month(zone, instant))


@given(old=ZONES, new=ZONES, asked=BEGINS)
def test_asking_changes_nothing_at_once_and_never_shortens_a_day(old: str, new: str, asked: datetime) -> None:
    before = Calendar(old)
    after = before.changed_to(new, asked)
    assert (after.zone_at(asked), after.day_key(asked)) == (old, before.day_key(asked))
    assert after.day_ends(asked) >= before.day_ends(asked)
    assert after.month_ends(asked + HOUR) > asked


# What a customer does over days: waits some hours, asks for a zone (it counts when the last change is a day old), or thinks better of it.
MOVES = st.lists(st.tuples(st.integers(0, 40 * 60), st.none() | ZONES, st.booleans()), min_size=1, max_size=12)


@given(zone=ZONES, begins=BEGINS, moves=MOVES)
def test_days_only_go_forward_and_end_when_they_say(zone: str, begins: datetime, moves: list[tuple[int, str | None, bool]]) -> None:
    """P9 and the caps across changes: a key seen once and left never comes back, and its end is the instant another begins."""
    days = lived(zone, begins, moves)
    assert [key for _, _, key in days] == sorted({key for _, _, key in days})


@given(zone=ZONES, begins=BEGINS, moves=MOVES)
@example(  # all the globe has to give, to the minute
    zone="Etc/GMT+12",
    begins=datetime(2020, 1, 1, tzinfo=UTC),
    moves=[(367, "Asia/Kathmandu", False), (2217, "Pacific/Kiritimati", False), (2336, None, False)],
)
def test_any_window_has_at_most_one_quota_a_day_and_what_the_globe_has_more(
    zone: str, begins: datetime, moves: list[tuple[int, str | None, bool]]
) -> None:
    """A zone that stands still gives ⌈H / 24⌉ + 1 quotas in H hours. Changes add at most the 26 hours between the outermost zones,
    once in a lifetime and not for each change: who has gone east has to come back before going east again."""
    days = lived(zone, begins, moves)
    for first, (_, ended, _) in enumerate(days):
        for number, (began, _, _) in enumerate(days[first:], 1):
            shortest = max(timedelta(), began - ended) / HOUR + 1e-6  # of a window that has a moment of the first day and one of the last
            assert number <= math.ceil((shortest + EARLIEST_TO_LATEST_H) / 24) + 1


def lived(zone: str, begins: datetime, moves: list[tuple[int, str | None, bool]]) -> list[tuple[datetime, datetime, str]]:
    """Each day key as it was in force: from, until, key. The ends that were shown meanwhile are checked on the way."""
    calendar, now = Calendar(zone), begins
    days: list[tuple[datetime, datetime, str]] = []
    for minutes, wish, thinks_better in moves:
        until = now + timedelta(minutes=minutes)
        while now <= until:
            key, ends, month_ends = calendar.day_key(now), calendar.day_ends(now), calendar.month_ends(now)
            assert calendar.day_key(ends - SECOND) == key < calendar.day_key(ends)
            assert calendar.month_key(month_ends - SECOND) == key[:7] < calendar.month_key(month_ends)
            if days and days[-1][2] == key:
                days[-1] = (days[-1][0], min(until, ends), key)
            else:
                days.append((now, min(until, ends), key))
            now = ends
        now = until
        if thinks_better and calendar.changes_at and now < calendar.changes_at:
            calendar = Calendar(calendar.zone)
        elif wish and (not calendar.changes_at or calendar.changes_at + A_DAY <= now):
            calendar = calendar.changed_to(wish, now)
    return days
