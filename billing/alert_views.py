"""Putting a notice about a cap away."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts import access
from accounts.access import MemberRequest, member_page
from billing import alerts
from billing.models import BudgetAlert


@require_POST
@member_page
def dismiss(request: MemberRequest, alert_id: int) -> HttpResponse:
    """For whoever does it; everybody else still sees the notice. Without JavaScript the budgets it is about are shown instead."""
    alert = access.find(BudgetAlert.objects.select_related("period__project", "period__api_key__project"), request.membership, pk=alert_id)
    alert.dismissed_by.add(request.user)
    if request.headers.get("HX-Request"):
        return HttpResponse()
    return redirect("project_budgets", alerts.project_of(alert.period).pk)
