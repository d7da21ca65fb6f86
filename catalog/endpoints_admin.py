"""Operators' page for endpoints: switched on and off, drained, ejected, put back, and how many calls each takes at a time."""

from typing import NamedTuple

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from catalog import credentials, health, places, prices, service, versions
from catalog.catalog_page import CatalogPage
from catalog.models import Endpoint, Withheld
from clod_site import admin_steps
from clod_site.admin_steps import Step, button
from clod_site.lib import clock, destinations

_RUNNING = "Calls that run there go on to their end; every gateway process follows within a second."


class Deed(NamedTuple):
    """What an operator does to endpoints. ``said`` is told with their number, ``noted`` in the history."""

    does: str
    purpose: str
    said: str
    noted: str
    how: Withheld


DEEDS = {
    "drain": Deed(
        "Drain", f"For maintenance: it gets no new calls until you put it back. {_RUNNING}", "drained", "Drained.", Withheld.DRAINED
    ),
    "eject": Deed(
        "Eject",
        f"It answers, but should not: it is left out whatever its health says, until you put it back. {_RUNNING}",
        "ejected",
        "Ejected.",
        Withheld.EJECTED,
    ),
    "put_back": Deed(
        "Put back",
        "It gets calls again, and what failed there before no longer counts against it, in any process.",
        "put back into service",
        "Put back into service.",
        Withheld.NOT,
    ),
}


def _refused(endpoint: Endpoint) -> str:
    """Why calls to its address fail before a connection is made, as far as its words say; a name may still stand for another network."""
    try:
        if not credentials.is_address_from_environment(endpoint):
            destinations.checked(credentials.address_of(endpoint), destinations.for_operators())
    except destinations.Denied as denied:
        return str(denied)
    return ""


@admin.register(Endpoint)
class EndpointPage(CatalogPage):
    list_display = ("model", "provider", "data_center", "upstream_model", "address", "state", "running_here", "max_concurrency", "active")
    list_filter = ("active", "withheld", "provider", "data_center", "model__category")
    list_select_related = ("model", "provider", "data_center")
    search_fields = ("model__name", "model__slug", "provider__name", "data_center__name", "upstream_model")
    autocomplete_fields = ("model", "provider", "data_center")
    readonly_fields = ("state", "running_here", "address", "withheld_at", "returned_at", "created_at", "updated_at")
    ordering = ("model__name", "id")
    actions = ("drain_all", "eject_all", "put_all_back", "switch_on", "switch_off")
    actions_detail = ("drain", "eject", "put_back")

    @admin.display(description="address now")
    def address(self, endpoint: Endpoint) -> str:
        return (credentials.address_of(endpoint) if endpoint.pk else "") or "none"

    @admin.display(description="state")
    def state(self, endpoint: Endpoint) -> str:
        """What keeps calls from it. Failures are those this process has seen."""
        if not endpoint.pk or not credentials.is_routable(endpoint):
            return "cannot be called"
        if refused := _refused(endpoint):
            return f"its address is refused: {refused}"
        if endpoint.withheld:
            return Withheld(endpoint.withheld).label
        return "failed lately" if endpoint.pk in health.unavailable() else Withheld.NOT.label

    @admin.display(description="calls in this process")
    def running_here(self, endpoint: Endpoint) -> int:
        return places.running(endpoint.pk) if endpoint.pk else 0

    # --- one, from its page ----------------------------------------------------------------------

    @button("Drain", path="drain", may="change", icon="pause_circle")
    def drain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._step(request, object_id, "drain")

    @button("Eject", path="eject", may="change", icon="block")
    def eject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._step(request, object_id, "eject")

    @button("Put back", path="put-back", may="change", icon="play_circle")
    def put_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._step(request, object_id, "put_back")

    def _step(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        endpoint, deed = admin_steps.row_of(self, request, object_id), DEEDS[name]
        if request.method == "POST":
            self._do(request, Endpoint.objects.filter(pk=endpoint.pk), name)
            return redirect("admin:catalog_endpoint_change", endpoint.pk)
        facts = [("Endpoint", str(endpoint)), ("State", self.state(endpoint)), ("Calls in this process", str(self.running_here(endpoint)))]
        step = Step(f"{deed.does} {endpoint}?", deed.purpose, deed.does, facts, is_dangerous=bool(deed.how))
        return admin_steps.show(self, request, step, row=endpoint)

    # --- several, from the list --------------------------------------------------------------------

    @admin.action(description="Drain: no new calls", permissions=["change"])
    def drain_all(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._do(request, endpoints, "drain")

    @admin.action(description="Eject: no new calls, whatever their health says", permissions=["change"])
    def eject_all(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._do(request, endpoints, "eject")

    @admin.action(description="Put back into service", permissions=["change"])
    def put_all_back(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._do(request, endpoints, "put_back")

    @transaction.atomic
    def _do(self, request: HttpRequest, endpoints: QuerySet[Endpoint], name: str) -> None:
        deed, rows = DEEDS[name], list(endpoints.select_related("model", "provider", "data_center"))
        chosen = Endpoint.objects.filter(pk__in=[row.pk for row in rows])
        count = service.withhold(chosen, deed.how) if deed.how else service.put_back(chosen)
        for row in rows:
            self.log_change(request, row, deed.noted)
        self.message_user(request, f"{count} {deed.said}.")

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._switch(request, endpoints, active=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._switch(request, endpoints, active=False)

    @transaction.atomic
    def _switch(self, request: HttpRequest, endpoints: QuerySet[Endpoint], *, active: bool) -> None:
        count = endpoints.exclude(active=active).update(active=active)
        versions.bump()
        prices.price_endpoints(clock.now())
        self.message_user(request, f"{count} switched {'on' if active else 'off'}.")
