"""In a process with the settings of a stand: ``python -m benchmarks.load.customer prepare URL`` or ``… verdict``.

prepare   migrated tables get a customer with a wallet and one model at the upstream; prints the API key as JSON
verdict   how many calls are on record and charged, and what ledger_check finds, as JSON
"""

import json
import os
import sys


def prepare(upstream: str) -> None:
    from accounts.models import Organization
    from billing import ledger
    from billing.models import Wallet
    from catalog.models import Endpoint
    from clod_site.lib.money import usd
    from projects import keys
    from tests import people
    from tests.gateway import shop

    alice = people.owner("alice")
    ledger.credit(Wallet.objects.get(organization=Organization.objects.get()).pk, usd("1000000"), key="load", reason="more than enough")
    shop.endpoint(shop.model("load"), upstream, "load")
    Endpoint.objects.update(max_concurrency=100_000)  # it is no bottleneck
    print(json.dumps(keys.generate(people.organization_of(alice).projects.get(), name="load", actor=alice)[1]))
    ledger.stop(10)


def verdict() -> None:
    from activity.models import Request
    from billing import check
    from billing.models import EntryKind, LedgerEntry

    calls = Request.objects.filter(status="ok").count()
    charges = LedgerEntry.objects.filter(kind=EntryKind.USAGE).count()
    print(json.dumps({"calls": calls, "charges": charges, "findings": [str(finding) for finding in check.findings()]}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    import django

    django.setup()
    {"prepare": prepare, "verdict": verdict}[sys.argv[1]](*sys.argv[2:])
