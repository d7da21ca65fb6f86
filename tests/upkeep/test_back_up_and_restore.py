"""``manage.py backup`` and ``restore``: one file, one instant, into an empty database only. Under load: make restore-drill."""

import sqlite3
import stat
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from projects.models import Project
from tests.people import owner

pytestmark = pytest.mark.django_db(transaction=True)


def backed_up(file: Path) -> str:
    said = StringIO()
    call_command("backup", str(file), stdout=said)
    return said.getvalue()


@pytest.fixture
def elsewhere_after(tmp_path, settings):
    """``with elsewhere_after():`` the settings name another database, which is empty."""

    @contextmanager
    def elsewhere():
        before = connection.settings_dict["NAME"]
        name = str(tmp_path / "restored.sqlite3")
        if connection.vendor == "postgresql":
            name = f"{before}_restored"
            _in_database(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        _point_at(settings, name)
        try:
            yield
        finally:
            _point_at(settings, before)
            if connection.vendor == "postgresql":
                _in_database(f"DROP DATABASE {name} WITH (FORCE)")

    return elsewhere


def _in_database(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _point_at(settings, name: str) -> None:
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def test_what_was_backed_up_is_there_again(tmp_path, elsewhere_after) -> None:
    owner("alice")
    file = tmp_path / "clod.backup"
    said = backed_up(file)
    assert f"{file.stat().st_size:,} bytes" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with elsewhere_after():
        said = StringIO()
        call_command("restore", str(file), stdout=said)
        assert "manage.py migrate" in said.getvalue()
        assert Project.objects.count() == 1
        with pytest.raises(CommandError, match=r"not empty|There is a database"):
            call_command("restore", str(file))


def test_a_backup_overwrites_nothing(tmp_path) -> None:
    file = tmp_path / "clod.backup"
    file.write_text("an older backup")
    with pytest.raises(CommandError, match="exists"):
        backed_up(file)
    assert file.read_text() == "an older backup"


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(CommandError, match="no folder"):
        backed_up(tmp_path / "nowhere" / "clod.backup")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_backup_changes_nothing(tmp_path, elsewhere_after) -> None:
    file = tmp_path / "clod.backup"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE something_else (id)")
    with elsewhere_after():
        with pytest.raises(CommandError):
            call_command("restore", str(file))
        assert connection.introspection.table_names() == []


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore", str(tmp_path / "clod.backup"))
