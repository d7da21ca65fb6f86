from django.db import migrations

from team.append_only import GUARD, LIFT


def _guard(apps, schema_editor):
    for statement in GUARD[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def _lift(apps, schema_editor):
    for statement in LIFT[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    """Audit events are never changed or deleted."""

    dependencies = [("team", "0001_initial")]
    operations = [migrations.RunPython(_guard, _lift)]
