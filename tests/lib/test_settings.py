"""Settings are read at start, so each test starts Python with an environment of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "correct-horse-battery-staple-correct"
PRODUCTION = {
    "CLOD_MODE": "production",
    "CLOD_SECRET_KEY": SECRET,
    "CLOD_KEY_PEPPERS": SECRET,
    "CLOD_ENCRYPTION_KEYS": SECRET,
    "CLOD_BASE_URL": "https://app.example.org",
    "DATABASE_URL": "postgresql://clod:secret@db.example.org:5432/clod",
    "REDIS_URL": "redis://cache.example.org:6379/0",
    "EMAIL_HOST": "mail.example.org",
}


def start(var: Path, environment: dict[str, str], show: str = "None") -> subprocess.CompletedProcess[str]:
    """Python that imports the settings and prints one expression of them as JSON."""
    program = f"import json; from clod_site import settings as s; print(json.dumps({show}, default=str))"
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    variables = clean | {"CLOD_VAR": str(var)} | environment
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=30)


def setting(var: Path, environment: dict[str, str], show: str):
    started = start(var, environment, show)
    assert started.returncode == 0, started.stderr
    return json.loads(started.stdout)


def test_nothing_set_is_the_embedded_mode(tmp_path):
    shown = setting(tmp_path, {}, "[s.MODE, s.DATABASES['default']['ENGINE'], s.CELERY_BROKER_URL[:9], s.CLOD_API_URL]")
    assert shown == ["embedded", "django.db.backends.sqlite3", "memory://", "http://127.0.0.1:8000/v1"]


def test_production_starts_with_everything_set(tmp_path):
    shown = setting(tmp_path, PRODUCTION, "[s.DEBUG, s.SESSION_COOKIE_SECURE, s.ALLOWED_HOSTS, s.SECURE_HSTS_SECONDS > 0]")
    assert shown == [False, True, ["app.example.org", "app.example.org"], True]


@pytest.mark.parametrize("name", sorted(PRODUCTION.keys() - {"CLOD_MODE"}))
def test_production_refuses_to_start_without_each_of_its_variables_and_names_it(tmp_path, name):
    started = start(tmp_path, {key: value for key, value in PRODUCTION.items() if key != name})
    assert started.returncode == 1
    assert started.stderr.startswith(f"CLōD cannot start: {name} is not set.")
    assert "Traceback" not in started.stderr


@pytest.mark.parametrize("name", ["CLOD_SECRET_KEY", "CLOD_KEY_PEPPERS", "CLOD_ENCRYPTION_KEYS"])
def test_a_short_production_secret_is_refused_without_showing_it(tmp_path, name):
    started = start(tmp_path, PRODUCTION | {name: "hunter2"})
    assert started.returncode == 1
    assert f"{name} is too short" in started.stderr
    assert "hunter2" not in started.stderr


def test_production_never_takes_the_generated_secrets_of_an_embedded_run(tmp_path):
    assert start(tmp_path, {}).returncode == 0
    assert (tmp_path / "secrets.json").exists()
    started = start(tmp_path, {key: value for key, value in PRODUCTION.items() if key != "CLOD_KEY_PEPPERS"})
    assert "CLOD_KEY_PEPPERS is not set" in started.stderr


def test_production_is_never_in_debug_mode(tmp_path):
    assert setting(tmp_path, PRODUCTION | {"CLOD_DEBUG": "1"}, "s.DEBUG") is False


def test_a_mode_nobody_knows_is_refused(tmp_path):
    started = start(tmp_path, {"CLOD_MODE": "staging"})
    assert "CLOD_MODE must be embedded or production" in started.stderr


def test_secrets_rotate_newest_first(tmp_path):
    shown = setting(tmp_path, {"CLOD_SECRET_KEY": "new,old"}, "[s.SECRET_KEY, s.SECRET_KEY_FALLBACKS]")
    assert shown == ["new", ["old"]]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://clod:p%40ss@db.example.org:6432/prod", ["prod", "clod", "p@ss", "db.example.org", 6432]),
        ("postgres://clod@localhost/prod", ["prod", "clod", "", "localhost", ""]),
        ("postgresql://clod@%2Fvar%2Frun%2FPostgres:5432/prod", ["prod", "clod", "", "/var/run/Postgres", 5432]),
        ("postgresql://clod@%2Fvar%2Frun%2FPostgres/prod", ["prod", "clod", "", "/var/run/Postgres", ""]),
        ("postgresql://clod@[::1]:5432/prod", ["prod", "clod", "", "::1", 5432]),
        ("postgresql://clod@[::1]/prod", ["prod", "clod", "", "::1", ""]),
    ],
)
def test_a_database_address_is_taken_apart(tmp_path, url, found):
    show = "[s.DATABASES['default'][part] for part in ('NAME', 'USER', 'PASSWORD', 'HOST', 'PORT')]"
    assert setting(tmp_path, {"DATABASE_URL": url}, show) == found


def test_a_database_that_is_not_postgresql_is_refused_without_showing_its_address(tmp_path):
    started = start(tmp_path, {"DATABASE_URL": "mysql://root:hunter2@db/clod"})
    assert "DATABASE_URL must start with postgresql://" in started.stderr
    assert "hunter2" not in started.stderr


@pytest.mark.parametrize("made_up", [{"CLOD_FAKE_PROVIDER": "1"}, {"CLOD_FAKE_URL": "http://127.0.0.1:9150/v1"}])
def test_production_refuses_to_start_with_a_provider_that_makes_its_answers_up(tmp_path, made_up):
    started = start(tmp_path, PRODUCTION | made_up)
    assert started.returncode == 1
    assert "unset both in production" in started.stderr
    assert setting(tmp_path, made_up, "s.MODE") == "embedded"


def test_production_asks_the_live_markets_and_makes_nothing_up(tmp_path):
    assert setting(tmp_path, PRODUCTION, "[s.CLOD_ENERGY_FEED, s.CLOD_ENERGY_FALLBACK]") == ["live", "none"]
    assert setting(tmp_path, {}, "s.CLOD_ENERGY_FEED") == "demo"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (PRODUCTION | {"CLOD_ENERGY_FEED": "best"}, "CLOD_ENERGY_FEED must be live, replay or demo"),
        (PRODUCTION | {"CLOD_ENERGY_FALLBACK": "guess"}, "CLOD_ENERGY_FALLBACK none or demo"),
        (PRODUCTION | {"CLOD_ENERGY_FEED": "replay"}, "CLOD_ENERGY_REPLAY is not set"),
        (PRODUCTION | {"CLOD_USD_PER_CAD": "-1"}, "CLOD_USD_PER_CAD must be a number above 0"),
        ({"CLOD_ENERGY_FEED": "live"}, "embedded mode runs on the demo feed"),
    ],
)
def test_a_feed_that_cannot_be_is_named(tmp_path, environment, sentence):
    started = start(tmp_path, environment)
    assert started.returncode == 1
    assert sentence in started.stderr
