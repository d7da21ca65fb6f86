"""In a process with the settings of its trial, on migrated tables: ``python -m benchmarks.canary.prepare URL MODE JWK``.

A customer with a wallet and a project that keeps what is said, sealed to the given public key or plain, and models at the upstream.
Prints key and project as JSON.
"""

import json
import os
import sys

from benchmarks.canary.upstream import ENDPOINTS


def main(upstream: str, mode: str, jwk: str) -> None:
    from accounts.models import Organization
    from billing import ledger
    from billing.models import Wallet
    from clod_site.lib import clock, ids, jwe
    from clod_site.lib.money import usd
    from projects import keys
    from projects.models import Recipient
    from tests import people
    from tests.gateway import shop

    alice = people.owner("alice")
    ledger.credit(Wallet.objects.get(organization=Organization.objects.get()).pk, usd("1000"), key="canary", reason="enough")
    for behaviour in ENDPOINTS:
        shop.endpoint(shop.model(behaviour), upstream, behaviour)
    project = people.organization_of(alice).projects.get(is_default=True)
    public = json.loads(jwk)
    Recipient.objects.create(project=project, kid=jwe.thumbprint(public), jwk=public, name="canary", proven_at=clock.now())
    project.body_logging = mode
    project.save()
    _, key = keys.generate(project, name="canary", actor=alice)
    print(json.dumps({"key": key, "project": ids.public("proj", project.pk)}))
    ledger.stop(10)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    import django

    django.setup()
    main(*sys.argv[1:])
