from typing import Any

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from accounts.onboarding import organization_created

        organization_created.connect(_create_default_project, dispatch_uid="default project")


def _create_default_project(organization: Any, **_: Any) -> None:
    from projects.models import Project

    Project.objects.create(organization=organization, name="Default", is_default=True)
