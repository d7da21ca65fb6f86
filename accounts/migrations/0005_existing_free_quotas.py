from django.db import migrations


def keep(apps, schema_editor):
    """Who was there before keeps their free requests: each organization those of its first owner who has not brought theirs elsewhere."""
    FreeQuota, Membership = apps.get_model("accounts", "FreeQuota"), apps.get_model("accounts", "Membership")
    owners = Membership.objects.filter(role="owner").order_by("organization__created_at", "organization_id", "created_at", "pk")
    users, organizations, rows = set(), set(), []
    for owner in owners.select_related("organization").iterator():
        if owner.user_id not in users and owner.organization_id not in organizations:
            users.add(owner.user_id)
            organizations.add(owner.organization_id)
            rows.append(FreeQuota(user_id=owner.user_id, organization_id=owner.organization_id, since=owner.organization.created_at))
    FreeQuota.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_free_quota_of_people'),
    ]

    operations = [
        migrations.RunPython(keep, migrations.RunPython.noop),
    ]
