from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "activity"

    def ready(self) -> None:
        from accounts.export import organization_exported
        from accounts.leaving import organization_closes
        from activity import leaving, performance
        from activity.bodies import retention, unwanted
        from activity.recorder import Recorder
        from billing.ledger import recording
        from catalog.pages.performance import register
        from projects.encryption import stored
        from projects.encryption.signals import bodies_unwanted

        recording.register(Recorder())
        register(performance.lately)
        organization_exported.connect(leaving.exported, dispatch_uid="requests")
        organization_closes.connect(retention.on_close, dispatch_uid="bodies of a closed organization")
        stored.register(unwanted.count)
        bodies_unwanted.connect(unwanted.on_unwanted, dispatch_uid="bodies that a project does not want")
