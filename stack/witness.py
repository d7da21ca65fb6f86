"""In a process with the settings of a stack: what a drill must find again. Prints JSON.

provider KEY   save a provider's key as the admin does
key            a new API key of the customer
facts KEY      requests, open holds, and whether that key can be read
"""

import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
SLUG = "drill"


def provider(key: str) -> dict[str, object]:
    from clod_site.lib import crypto
    from tests.gateway import shop

    row = shop.provider(SLUG, needs_credential=True)
    row.credential_sealed = crypto.encrypt(key)
    row.save(update_fields=["credential_sealed"])
    return {"provider": row.slug}


def key() -> dict[str, object]:
    from projects import keys
    from projects.models import Project

    return {"key": keys.generate(Project.objects.get(organization__members__email="alice@example.org"), name="rotation", actor=None)[1]}


def facts(key: str) -> dict[str, object]:
    from activity.models import Request
    from billing.models import Hold, HoldState
    from catalog import credentials
    from catalog.models import Provider

    saved = Provider.objects.filter(slug=SLUG).first()
    opens = saved is not None and credentials.of(saved) == key
    return {
        "requests": Request.objects.count(),
        "open": Hold.objects.filter(state=HoldState.OPEN).count(),
        "provider": "opens" if opens else "does not open",
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"provider": provider, "key": key, "facts": facts}[sys.argv[1]](*sys.argv[2:])))
