from django.apps import AppConfig


class StudioConfig(AppConfig):
    name = "studio"

    def ready(self) -> None:
        from accounts.export import organization_exported
        from accounts.leaving import account_closes
        from studio import leaving

        account_closes.connect(leaving.on_account_close, dispatch_uid="studio tokens")
        organization_exported.connect(leaving.exported, dispatch_uid="studio presets")
