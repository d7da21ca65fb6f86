import json
import stat
from concurrent.futures import ThreadPoolExecutor

from clod_site import secrets_file


def test_secrets_are_made_once_and_kept(tmp_path):
    first = secrets_file.load_or_create(tmp_path / "var" / "secrets.json")
    assert set(first) == set(secrets_file.NAMES)
    assert len(set(first.values())) == len(secrets_file.NAMES)
    assert min(len(value) for value in first.values()) >= 64
    assert secrets_file.load_or_create(tmp_path / "var" / "secrets.json") == first


def test_only_the_owner_can_read_them(tmp_path):
    path = tmp_path / "secrets.json"
    secrets_file.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_installation_has_others(tmp_path):
    assert secrets_file.load_or_create(tmp_path / "a.json") != secrets_file.load_or_create(tmp_path / "b.json")


def test_starts_at_the_same_moment_agree_and_leave_no_draft(tmp_path):
    path = tmp_path / "secrets.json"
    with ThreadPoolExecutor(2) as pool:
        read = list(pool.map(lambda _: json.dumps(secrets_file.load_or_create(path)), range(2)))
    assert len(set(read)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secrets.json"]
