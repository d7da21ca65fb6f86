"""Settings are read at start, so each test starts Python with an environment of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "tN3v0Qw8Zk5Rf1Yb7Lx2Hc9Js4Mg6PdUaEoVi-XzBqSyWnTrKhClDjGm"
PRODUCTION = {
    "CLOD_MODE": "production",
    "CLOD_SECRET_KEY": SECRET,
    "CLOD_KEY_PEPPERS": f"{SECRET}-pepper",
    "CLOD_ENCRYPTION_KEYS": f"{SECRET}-encryption",
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


def test_staff_need_a_second_factor_in_production_unless_it_is_switched_off(tmp_path):
    assert setting(tmp_path, PRODUCTION, "s.CLOD_STAFF_MFA") is True
    assert setting(tmp_path, PRODUCTION | {"CLOD_STAFF_MFA": "0"}, "s.CLOD_STAFF_MFA") is False
    assert setting(tmp_path, {}, "s.CLOD_STAFF_MFA") is False


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


def test_a_weak_or_shared_production_secret_is_refused_without_showing_it(tmp_path):
    for name, value, why in (
        ("CLOD_SECRET_KEY", "changeme" * 6, "is a placeholder"),
        ("CLOD_METRICS_TOKEN", SECRET, "has the same value as CLOD_SECRET_KEY"),
        ("CLOD_METRICS_TOKEN", "hunter2", "is too short"),
    ):
        started = start(tmp_path, PRODUCTION | {name: value})
        assert started.returncode == 1
        assert f"{name} {why}" in started.stderr
        assert value not in started.stderr


def test_everything_that_is_missing_is_named_at_once(tmp_path):
    started = start(tmp_path, {"CLOD_MODE": "production"})
    assert started.returncode == 1
    assert [name for name in PRODUCTION if f"{name} is not set" not in started.stderr] == ["CLOD_MODE"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CLOD_BASE_URL", "app.example.org", "is not an address such as https://app.example.org"),
        ("CLOD_BASE_URL", "http://app.example.org", "must begin with https://"),
        ("CLOD_BASE_URL", "https://app.example.org/clod", "scheme and host, with a port where it has one, and nothing more"),
        ("CLOD_API_URL", "api.example.org", "is not an address"),
        ("CLOD_DC_DFW_URL", "notaurl", "is not an address such as http://10.0.0.5:8000/v1"),
        ("CLOD_DATABASE_POOL", "-1", "must be a whole number, at least 1"),
        ("CLOD_DATABASE_POOL", "0", "must be a whole number, at least 1"),
        ("CLOD_KEY_RPM", "-5", "must be a whole number, at least 0"),
        ("REDIS_URL", "http://x", "must start with redis://"),
        ("DATABASE_URL", "mysql://x", "must start with postgresql://"),
        ("CLOD_LOG_LEVEL", "loud", "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path, name, value, said):
    started = start(tmp_path, PRODUCTION | {name: value})
    assert started.returncode == 1
    assert f"{name} {said}" in started.stderr or (said in started.stderr and f"CLōD cannot start: {name} " in started.stderr)
    assert "Traceback" not in started.stderr


def test_this_machine_alone_is_served_without_tls(tmp_path):
    assert setting(tmp_path, PRODUCTION | {"CLOD_BASE_URL": "http://127.0.0.1:8100"}, "s.SESSION_COOKIE_SECURE") is False


def test_a_level_is_read_in_any_case(tmp_path):
    assert setting(tmp_path, {"CLOD_LOG_LEVEL": "debug"}, "s.LOGGING['root']['level']") == "DEBUG"


def test_a_misspelt_variable_is_told_with_the_nearest_name(tmp_path):
    environment = {"CLOD_TRUSTED_PROXY": "10.0.0.1", "CLOD_DC_ABC_URL": "http://10.0.0.5:8000/v1", "CLOD_VAR": str(tmp_path)}
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=clean | environment, capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0
    assert "CLOD_TRUSTED_PROXY is not a variable of this version; is CLOD_TRUSTED_PROXIES meant?" in checked.stderr
    assert "CLOD_DC_ABC_URL" not in checked.stderr


def test_production_passes_djangos_own_check_for_deployment(tmp_path):
    environment = PRODUCTION | {"CLOD_BEHIND_PROXY": "1", "CLOD_VAR": str(tmp_path)}
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = subprocess.run(command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr
    assert checked.stderr == ""


def test_lines_are_json_in_production_and_plain_on_a_developers_machine(tmp_path):
    show = "[s.CLOD_LOG_FORMAT, s.LOGGING['handlers']['stderr']['formatter'], s.CLOD_ACCESS_LOG]"
    assert setting(tmp_path, PRODUCTION, show) == ["json", "json", True]
    assert setting(tmp_path, {}, show) == ["plain", "plain", False]
    assert setting(tmp_path, PRODUCTION | {"CLOD_LOG_FORMAT": "plain", "CLOD_ACCESS_LOG": "0"}, show) == ["plain", "plain", False]


def test_http_is_sent_to_https_only_where_a_proxy_tells_which_it_was(tmp_path):
    show = "[s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_INCLUDE_SUBDOMAINS]"
    assert setting(tmp_path, PRODUCTION, show) == [False, False]
    assert setting(tmp_path, PRODUCTION | {"CLOD_BEHIND_PROXY": "1", "CLOD_HSTS_SUBDOMAINS": "1"}, show) == [True, True]


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
