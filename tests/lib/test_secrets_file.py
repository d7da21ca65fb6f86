import stat
import subprocess
import sys
from pathlib import Path

from clod_site import secrets_file

ROOT = Path(__file__).resolve().parents[2]


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


def test_processes_that_start_at_the_same_moment_agree_and_leave_no_draft(tmp_path):
    path = tmp_path / "secrets.json"
    program = f"from clod_site import secrets_file as s; from pathlib import Path; print(s.load_or_create(Path({str(path)!r})))"
    started = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(4)]
    said = {process.communicate(timeout=30)[0] for process in started}
    assert [process.returncode for process in started] == [0] * 4
    assert len(said) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secrets.json"]
