from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "activity"

    def ready(self) -> None:
        from activity.recorder import Recorder
        from billing.ledger import recording

        recording.register(Recorder())
