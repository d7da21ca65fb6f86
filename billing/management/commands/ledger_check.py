"""``manage.py ledger_check``: does the money add up? Exit 1 and a line for every row that says it does not."""

from typing import Any

from django.core.management.base import BaseCommand

from billing import check


class Command(BaseCommand):
    help = "Prove promises P1–P5 over all wallets, entries, holds and requests; safe while calls are served. Exits 1 naming what differs."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = check.findings()
        for finding in findings:
            self.stdout.write(str(finding))
        if findings:
            self.stderr.write(f"The ledger does not add up: {len(findings)} findings.")
            raise SystemExit(1)
        self.stdout.write("The ledger adds up.")
