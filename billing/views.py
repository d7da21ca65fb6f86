"""The Billing page: balance, what is held, free requests left, the statement."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import MANAGERS, MemberRequest, may, member_page
from billing import allowance, payment_events, payments, statement, topups
from billing.models import AutoTopUp, EntryKind, TopUp, Wallet
from clod_site.lib import clock
from clod_site.lib.ranges import RANGES
from clod_site.lib.streaming import Streamed
from team import audit


@require_safe
@member_page
def overview(request: MemberRequest) -> HttpResponse:
    membership, now = request.membership, clock.now()
    wallet = Wallet.objects.get(organization_id=membership.organization_id)
    wanted, cursor = statement.read(request.GET), request.GET.get("cursor", "")
    context = {
        "wallet": wallet,
        "available_nanousd": wallet.balance_nanousd - wallet.held_nanousd,
        "allowance": allowance.of(membership.organization, now),
        "page": statement.page(wallet, wanted, now, cursor=cursor),
        "cursor": cursor,
        "filter": wanted,
        "kinds": EntryKind.choices,
        "ranges": [(value, label) for value, (label, _) in RANGES.items()],
    }
    return render(request, "billing/overview.html", context | _top_ups(request))


@require_safe
@member_page
def statement_csv(request: MemberRequest) -> Streamed:
    wallet, now = Wallet.objects.get(organization_id=request.membership.organization_id), clock.now()
    audit.record(request, "export.statement")
    lines = statement.csv_lines(wallet, statement.read(request.GET), now)
    headers = {"Content-Disposition": f'attachment; filename="clod-statement-{now:%Y-%m-%d-%H%M}.csv"'}
    return Streamed(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _top_ups(request: MemberRequest) -> dict[str, object]:
    """What the page says and offers about filling the wallet."""
    membership, provider = request.membership, payments.current()
    organization_id = membership.organization_id
    owed = TopUp.objects.filter(organization_id=organization_id, owed_nanousd__gt=0)
    return {
        "provider": provider,
        "may_manage": may(membership, MANAGERS),
        "offer": topups.offer(membership),
        "auto": AutoTopUp.objects.filter(organization_id=organization_id).first(),
        "needs_card": provider and provider.needs_saved_method and not payment_events.saved_card(organization_id, provider.name),
        "owed_nanousd": sum(owed.values_list("owed_nanousd", flat=True)),
    }
