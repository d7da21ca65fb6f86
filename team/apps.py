from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "team"

    def ready(self) -> None:
        from team import sign_ins

        sign_ins.listen()
