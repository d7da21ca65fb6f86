"""The guard of ``make bench``: it complains of what became dearer, and of nothing else."""

from pathlib import Path

import pytest

from benchmarks.load import guard

NGINX = {"cpu": 50e-6, "p50": 0.1e-3, "rps": 10_000, "streams": 5_000}
DIRECT = {"p50": 0.05e-3, "rps": 20_000, "streams": 10_000}
GATEWAY = {"cpu": 500e-6, "p50": 2e-3, "rps": 2_000, "streams": 1_000}


def _found(**changed: float) -> dict[str, list[guard.Figures]]:
    """Three runs each; of the gateway's one is an outlier."""
    return {"direct": [DIRECT] * 3, "nginx": [NGINX] * 3, "CLōD": [GATEWAY | changed, GATEWAY | changed, dict.fromkeys(GATEWAY, 0.0)]}


@pytest.fixture(autouse=True)
def accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "ACCEPTED", tmp_path / "accepted.json")
    monkeypatch.setattr(guard, "RATIOS", {name: ratio for name, ratio in guard.RATIOS.items() if ratio[0] in GATEWAY})
    guard.accept(_found(), "a machine")


def test_a_ratio_is_of_the_medians() -> None:
    assert guard.ratios(_found()) == {"CLōD": {"CPU of a call": 10, "alone, p50": 20, "requests a second": 0.1, "streams a second": 0.1}}


@pytest.mark.parametrize("changed", [{}, {"cpu": 700e-6}, {"rps": 1_400}, {"cpu": 50e-6, "rps": 9_000}])
def test_noise_and_gains_pass(changed: dict[str, float]) -> None:
    assert guard.worse(_found(**changed)) == []


@pytest.mark.parametrize(
    ("changed", "ratio"),
    [({"cpu": 800e-6}, "CPU of a call"), ({"p50": 3.1e-3}, "alone, p50"), ({"rps": 1_200}, "requests a second")],
)
def test_half_as_much_again_does_not(changed: dict[str, float], ratio: str) -> None:
    (line,) = guard.worse(_found(**changed))
    assert line.startswith(f"CLōD: {ratio} is ")


def test_who_was_never_accepted_is_not_compared() -> None:
    assert guard.worse({**_found(), "CLōD, new": [GATEWAY | {"cpu": 1.0}] * 3}) == []
