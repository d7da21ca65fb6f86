from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "activity"

    def ready(self) -> None:
        from activity import performance
        from activity.recorder import Recorder
        from billing.ledger import recording
        from catalog.pages.performance import register

        recording.register(Recorder())
        register(performance.lately)
