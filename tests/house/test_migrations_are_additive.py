"""The check that keeps two versions able to share a database while one replaces the other."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings

AROUND = "from django.db import migrations, models\n\n{note}class Migration(migrations.Migration):\n    operations = [{operation}]\n"


@pytest.fixture(scope="module")
def additive() -> ModuleType:
    spec = importlib.util.spec_from_file_location("additive", Path(settings.BASE_DIR) / "bin" / "additive.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def said(additive, tmp_path):
    """``said("migrations.…")``: what the check says of a migration with this operation."""

    def said(operation: str, note: str = "", number: int = 9900) -> list[str]:
        folder = tmp_path / "projects" / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:04}_change.py").write_text(AROUND.format(operation=operation, note=note))
        return additive.complaints(tmp_path)

    return said


@pytest.mark.parametrize(
    "operation",
    [
        "migrations.CreateModel(name='Hook', fields=[])",
        "migrations.AddIndex(model_name='key', index=models.Index(fields=['name'], name='n'))",
        "migrations.AddField(model_name='key', name='note', field=models.TextField(null=True))",
        "migrations.AddField(model_name='key', name='note', field=models.TextField(default='', db_default=''))",
        "migrations.AddField(model_name='key', name='models', field=models.ManyToManyField(to='catalog.model'))",
    ],
)
def test_what_an_older_process_does_not_notice_passes(said, operation) -> None:
    assert said(operation) == []


@pytest.mark.parametrize(
    "operation",
    [
        "migrations.AddField(model_name='key', name='note', field=models.TextField(default=''))",
        "migrations.AddField(model_name='key', name='note', field=models.TextField(null=False))",
        "migrations.RemoveField(model_name='key', name='note')",
        "migrations.RenameField(model_name='key', old_name='note', new_name='remark')",
        "migrations.AlterField(model_name='key', name='note', field=models.TextField())",
        "migrations.DeleteModel(name='Hook')",
        "migrations.RunSQL('DROP TABLE hook')",
        "*TRIGGERS",
    ],
)
def test_what_it_would_stumble_over_is_named(said, operation) -> None:
    (complaint,) = said(operation)
    assert complaint.startswith("projects/9900_change: ")


def test_a_reason_is_taken(said) -> None:
    assert said("migrations.RemoveField(model_name='key', name='note')", "# safe with the version before: nobody reads it since\n") == []


def test_those_of_before_the_rule_are_left_alone(said) -> None:
    assert said("migrations.DeleteModel(name='Hook')", number=7) == []
    assert len(said("migrations.DeleteModel(name='Hook')", number=8)) == 1
