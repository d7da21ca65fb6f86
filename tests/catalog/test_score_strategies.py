"""Strategy scores: relative to the best, averaged, the same in any order."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.strategies import Candidate, latency, price, token_rate
from catalog.strategies.combine import rank

measured = st.one_of(st.none(), st.floats(0, 1e6))
candidates = st.lists(
    st.builds(Candidate, st.integers(1, 10**6), st.integers(0, 10**15), measured, measured),
    min_size=1,
    max_size=8,
    unique_by=lambda c: c.endpoint_id,
)
TAGS = ("price", "latency", "token_rate")


def ids(ranked: list) -> list[int]:
    return [row.candidate.endpoint_id for row in ranked]


def test_price_scores_are_relative_to_the_lowest() -> None:
    assert price.score([Candidate(1, 200), Candidate(2, 100), Candidate(3, 400)]) == [0.5, 1.0, 0.25]


def test_next_to_a_price_of_zero_every_other_one_scores_nothing() -> None:
    assert price.score([Candidate(1, 0), Candidate(2, 100), Candidate(3, 0)]) == [1.0, 0.0, 1.0]


def test_latency_scores_are_relative_to_the_shortest() -> None:
    assert latency.score([Candidate(1, 1, ttft_ms=200), Candidate(2, 1, ttft_ms=100)]) == [0.5, 1.0]


def test_token_rate_scores_are_relative_to_the_highest() -> None:
    assert token_rate.score([Candidate(1, 1, tokens_per_s=20), Candidate(2, 1, tokens_per_s=80)]) == [0.25, 1.0]


def test_an_endpoint_not_measured_yet_scores_the_mean_of_the_others() -> None:
    assert latency.score([Candidate(1, 1, ttft_ms=100), Candidate(2, 1), Candidate(3, 1, ttft_ms=200)]) == [1.0, 0.75, 0.5]


def test_with_no_measurement_at_all_everybody_is_equal() -> None:
    assert latency.score([Candidate(1, 1), Candidate(2, 1)]) == token_rate.score([Candidate(1, 1), Candidate(2, 1)]) == [1.0, 1.0]


def test_scores_of_several_tags_are_averaged() -> None:
    cheap_and_slow, dear_and_fast = Candidate(1, 100, ttft_ms=400), Candidate(2, 160, ttft_ms=100)
    assert ids(rank([cheap_and_slow, dear_and_fast], ["price"])) == [1, 2]
    assert ids(rank([cheap_and_slow, dear_and_fast], ["latency"])) == [2, 1]
    best, other = rank([cheap_and_slow, dear_and_fast], ["price", "latency"])
    assert (best.candidate.endpoint_id, best.score, other.score) == (2, 0.8125, 0.625)
    assert best.scores == {"latency": 1.0, "price": 0.625}


def test_a_tie_goes_to_the_lower_price_then_to_the_lower_id() -> None:
    tied = [Candidate(2, 200, ttft_ms=5), Candidate(4, 100, ttft_ms=5), Candidate(3, 100, ttft_ms=5)]
    assert ids(rank(tied, ["latency"])) == [3, 4, 2]


@given(candidates, st.sampled_from([tags for n in (1, 2, 3) for tags in itertools.combinations(TAGS, n)]), st.randoms())
def test_neither_the_order_of_tags_nor_of_candidates_matters(found: list[Candidate], tags: tuple[str, ...], chance: random.Random) -> None:
    expected = ids(rank(found, tags))
    shuffled = chance.sample(found, len(found))
    for permutation in itertools.permutations(tags):
        assert ids(rank(shuffled, permutation)) == expected
    assert ids(rank(found, [*tags, *tags])) == expected


@given(candidates, st.sampled_from(TAGS))
def test_scores_are_between_zero_and_one_and_the_best_has_one(found: list[Candidate], tag: str) -> None:
    scores = [row.score for row in rank(found, [tag])]
    assert all(0 <= score <= 1 for score in scores)
    assert max(scores) == pytest.approx(1)


def test_nobody_to_choose_from_is_nobody_chosen() -> None:
    assert rank([], ["price"]) == []
