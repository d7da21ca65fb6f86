import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from clod_site.lib import ids

ROOT = Path(__file__).resolve().parents[2]
UUIDS = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))


def test_an_id_is_a_uuid_of_version_seven():
    made = ids.uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_later_ids_sort_after_earlier_ones_even_within_a_millisecond():
    with time_machine.travel("2036-01-01T00:00:00Z", tick=False):
        made = [ids.uuid7() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_made_by_many_threads_are_all_different():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.uuid7(), range(4000)))
    assert len(set(made)) == 4000


def test_a_clock_that_goes_back_does_not_bring_ids_back():
    newer = ids.uuid7()
    with time_machine.travel("2020-01-01T00:00:00Z", tick=False):
        assert ids.uuid7() > newer


@given(UUIDS)
def test_a_public_id_leads_back_to_its_uuid(value):
    assert ids.parse_public("req", ids.public("req", value)) == value


@given(UUIDS, UUIDS)
def test_public_ids_sort_as_their_uuids_do(first, second):
    assert (ids.public("req", first) < ids.public("req", second)) == (first < second)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "req",
        "req_",
        "key_0000000000000000000000",
        "req_000000000000000000000",
        "req_00000000000000000000000",
        "req_000000000000000000000-",
        "req_zzzzzzzzzzzzzzzzzzzzzz",
    ],
)
def test_text_that_is_no_public_id_is_none(text):
    assert ids.parse_public("req", text) is None


def test_a_number_too_wide_for_its_place_is_refused():
    assert ids.base62(61, 1) == "z"
    with pytest.raises(ValueError, match="needs 2 base62 digits"):
        ids.base62(62, 1)


def test_a_character_outside_base62_is_refused():
    with pytest.raises(ValueError, match="not a base62 digit"):
        ids.from_base62("ab_c")


def test_random_text_has_the_length_asked_for_and_only_base62():
    text = ids.random_base62(200)
    assert len(text) == 200
    assert set(text) <= set(ids.ALPHABET)
    assert ids.random_base62(22) != ids.random_base62(22)


def test_processes_that_fork_make_ids_of_their_own():
    program = "import os; from clod_site.lib import ids; ids.uuid7(); os.fork(); os.write(1, b'%d\\n' % (ids.uuid7().int & (1 << 62) - 1))"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    assert len(told) == len(set(told)) == 2


def test_random_parts_differ_also_beyond_what_is_kept_of_them():
    assert len({ids.uuid7().int & (1 << 62) - 1 for _ in range(2000)}) == 2000
