from typing import Any

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from accounts.export import organization_exported
        from accounts.leaving import organization_closes
        from accounts.onboarding import organization_created
        from projects import leaving

        organization_created.connect(_create_default_project, dispatch_uid="default project")
        organization_closes.connect(leaving.on_close, dispatch_uid="keys of a closed organization")
        organization_exported.connect(leaving.exported, dispatch_uid="projects and keys")


def _create_default_project(organization: Any, **_: Any) -> None:
    from projects.models import Project

    Project.objects.create(organization=organization, name="Default", is_default=True)
