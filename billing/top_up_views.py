"""Pages of top-ups: order one, see how it stands, the history, the receipt, and automatic ones."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts import access
from accounts.access import MemberRequest, member_page
from billing import auto_top_up, payments, topups
from billing.models import TopUp, TopUpState
from billing.top_up_refusals import NotYours
from clod_site.lib import ids
from clod_site.lib.money import format_usd
from clod_site.lib.refusal import Refusal
from team import audit


@require_POST
@member_page
def order(request: MemberRequest) -> HttpResponse:
    """To the payment page; to the order's own page where it is decided already."""
    form = request.POST
    amount = form.get("custom", "") if form.get("amount") == "custom" else form.get("amount", "")
    try:
        wish = topups.read(amount, form.get("idempotency_key", ""), saves_method=form.get("saves_method") == "1")
        top_up, is_new = topups.order(request.membership, wish)
    except NotYours as refusal:
        raise PermissionDenied(refusal.message) from refusal
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("billing")
    if is_new:
        audit.record(request, "money.top_up", top_up, named=format_usd(top_up.amount_nanousd))
    return redirect(top_up.checkout_url if _is_payable(top_up) else _page(top_up))


@require_safe
@member_page
def history(request: MemberRequest) -> HttpResponse:
    page = topups.page(request.membership.organization_id, cursor=request.GET.get("cursor", ""))
    return render(
        request, "billing/top_ups.html", {"page": page, "offer": topups.offer(request.membership), "provider": payments.current()}
    )


@require_safe
@never_cache
@vary_on_headers("HX-Request")
@member_page
def detail(request: MemberRequest, public_id: str) -> HttpResponse:
    """Where the payment page leads back to: it asks for itself until the order is decided."""
    top_up = _find(request, public_id)
    template = "billing/_top_up_state.html" if "HX-Request" in request.headers else "billing/top_up.html"
    return render(request, template, _context(request, top_up))


@require_safe
@never_cache
@member_page
def cancelled(request: MemberRequest, public_id: str) -> HttpResponse:
    """Where the payment page leads those who turned back. Nothing changes: the page stays open for its day."""
    top_up = _find(request, public_id)
    if not _is_payable(top_up):
        return redirect(_page(top_up))
    return render(request, "billing/top_up.html", _context(request, top_up) | {"was_left": True})


@require_safe
@member_page
def receipt(request: MemberRequest, public_id: str) -> HttpResponse:
    top_up = _find(request, public_id)
    if not top_up.is_paid:
        raise Http404
    return render(request, "billing/receipt.html", {"top_up": top_up, "organization": request.membership.organization})


@require_POST
@member_page
def automatic(request: MemberRequest) -> HttpResponse:
    """Set, pause by switching off, or resume."""
    form = request.POST
    try:
        threshold, amount = topups.threshold_of(form.get("threshold", "")), topups.amount_of(form.get("amount", ""))
    except Refusal as refusal:
        access.require(request.membership, access.MANAGERS, "change automatic top-ups")
        messages.error(request, refusal.message)
        return redirect("billing")
    is_on = form.get("is_on") == "1"
    auto_top_up.wish(request.membership, is_on=is_on, threshold_nanousd=threshold, amount_nanousd=amount)
    audit.record(request, "money.automatic", changes=audit.changed({}, {"on": is_on, "below_nanousd": threshold, "amount_nanousd": amount}))
    told = f"{format_usd(amount)} is added when less than {format_usd(threshold)} can be spent." if is_on else "Automatic top-ups are off."
    messages.success(request, told)
    return redirect("billing")


def _find(request: MemberRequest, public_id: str) -> TopUp:
    rows = TopUp.objects.select_related("actor")
    return access.find(rows, request.membership, id=ids.parse_public("top", public_id) or UUID(int=0))


def _context(request: MemberRequest, top_up: TopUp) -> dict[str, object]:
    return {"top_up": top_up, "checkout_url": top_up.checkout_url if _is_payable(top_up) and _may_pay(request) else ""}


def _is_payable(top_up: TopUp) -> bool:
    return bool(top_up.checkout_url) and top_up.state == TopUpState.PENDING


def _may_pay(request: MemberRequest) -> bool:
    return access.may(request.membership, access.MANAGERS)


def _page(top_up: TopUp) -> str:
    return f"/billing/top-ups/{top_up.public_id}"
