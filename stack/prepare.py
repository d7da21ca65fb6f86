"""In a process with the settings of the stack: bring its database, static files, catalog, prices and demo account up to date."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")


def main() -> None:
    import django

    django.setup()
    from clod_site.embedded import console, prepare

    console.set_up()
    prepare.everything()


if __name__ == "__main__":
    main()
