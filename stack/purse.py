"""In a process with the settings of a stack: ``python -m stack.purse EMAIL`` gives that customer ten dollars and a model that costs some.

The model is the local one under another name. Prints its id as JSON; ``python -m stack.purse --away`` takes the model off the list.
"""

import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
SLUG = "stack-paid"


def give(email: str) -> str:
    from accounts.models import Organization
    from billing import ledger
    from billing.models import Wallet
    from catalog import versions
    from catalog.models import Model
    from clod_site.lib import env
    from clod_site.lib.money import usd
    from tests.gateway import shop

    wallet = Wallet.objects.get(organization=Organization.objects.get(members__email=email))
    ledger.credit(wallet.pk, usd("10"), key=f"stack:{email}", reason="test of a stack")
    model = Model.objects.filter(slug=SLUG).first() or shop.model(SLUG, context_window=2048)
    if not model.endpoints.exists():
        shop.endpoint(model, "", "smollm2-135m-instruct", base_url_env="CLOD_EMBEDDED_MODEL_URL")
    Model.objects.filter(slug=SLUG).update(active=True)
    versions.bump()
    ledger.stop(10)
    assert env.text("CLOD_EMBEDDED_MODEL_URL"), "the stack has no local model"
    return SLUG


def take_away() -> None:
    from catalog import versions
    from catalog.models import Model

    Model.objects.filter(slug=SLUG).update(active=False)
    versions.bump()


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(take_away() if sys.argv[1] == "--away" else give(sys.argv[1])))
