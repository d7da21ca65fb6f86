"""What the pages of webhooks show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from accounts import access
from accounts.access import MANAGERS, MemberRequest
from clod_site.lib import ids
from webhooks.models import Delivery, DeliveryState, Webhook

PAGE = 50
STATES = {state.value: state.label.capitalize() for state in DeliveryState}
SOON = timedelta(minutes=1)


class State(NamedTuple):
    label: str
    tone: str


@dataclass(frozen=True)
class Row:
    webhook: Webhook

    @property
    def state(self) -> State:
        if self.webhook.disabled_at:
            return State("disabled", "bad" if self.webhook.disabled_reason else "")
        return State("failing", "warn") if self.webhook.failing_since else State("enabled", "good")


@dataclass(frozen=True)
class DeliveryRow:
    delivery: Delivery

    @property
    def state(self) -> State:
        tones = {DeliveryState.SENT: "good", DeliveryState.FAILED: "bad"}
        if self.delivery.state == DeliveryState.WAITING:
            return State("tried again" if self.delivery.tries else "waiting", "warn" if self.delivery.tries else "")
        return State(self.delivery.state, tones[DeliveryState(self.delivery.state)])


class Page(NamedTuple):
    rows: list[DeliveryRow]
    next_cursor: str


def find(request: MemberRequest, webhook_id: object, deed: str) -> Webhook:
    """One of the organization's, or 404; owners and admins alone, because an address and what is sent there may be secret."""
    found = access.find(Webhook.objects.select_related("organization", "created_by"), request.membership, pk=webhook_id)
    access.require(request.membership, MANAGERS, deed)
    return found


def deliveries(webhook: Webhook, *, state: str = "", cursor: str = "") -> Page:
    """Newest first."""
    rows = Delivery.objects.filter(organization_id=webhook.organization_id, webhook=webhook).select_related("event").order_by("-id")
    rows = rows.filter(state=state) if state in STATES else rows
    before = ids.parse_public("dlv", cursor)
    found = list((rows.filter(id__lt=before) if before else rows)[: PAGE + 1])
    next_cursor = found[PAGE - 1].public_id if len(found) > PAGE else ""
    return Page([DeliveryRow(delivery) for delivery in found[:PAGE]], next_cursor)


def query(state: str, cursor: str = "") -> str:
    return urlencode({name: value for name, value in (("state", state), ("cursor", cursor)) if value})


def is_moving(page: Page, now: datetime) -> bool:
    """Whether something of it changes in a moment."""
    waiting = (row.delivery.next_try_at for row in page.rows if row.delivery.state == DeliveryState.WAITING)
    return any(instant is not None and instant < now + SOON for instant in waiting)
