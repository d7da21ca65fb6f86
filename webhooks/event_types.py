"""Everything a webhook can be told, for people and for programs. The docs page prints this table."""

from typing import NamedTuple


class EventType(NamedTuple):
    name: str
    about: str

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]


BUDGET_REACHED = "budget.threshold_reached"
WALLET_LOW, WALLET_TOPPED_UP = "wallet.low", "wallet.topped_up"
KEY_CREATED, KEY_ROTATED, KEY_REVOKED = "api_key.created", "api_key.rotated", "api_key.revoked"
KEY_DISABLED, KEY_ENABLED, KEY_CAP_CHANGED = "api_key.disabled", "api_key.enabled", "api_key.cap_changed"
PROJECT_CAP_CHANGED = "project.cap_changed"
MEMBER_JOINED, MEMBER_LEFT = "member.joined", "member.left"
TEST = "webhook.test"  # sent from a webhook's page, to that webhook alone, whatever it has chosen

TYPES = (
    EventType(BUDGET_REACHED, "80 % or 100 % of a cap is spent, of a project or a key"),
    EventType(WALLET_LOW, "the wallet runs low; once, until it has been filled again"),
    EventType(WALLET_TOPPED_UP, "a top-up is paid"),
    EventType(KEY_CREATED, "an API key is generated"),
    EventType(KEY_ROTATED, "an API key has a successor"),
    EventType(KEY_DISABLED, "an API key is disabled"),
    EventType(KEY_ENABLED, "a disabled API key is enabled again"),
    EventType(KEY_REVOKED, "an API key is revoked"),
    EventType(KEY_CAP_CHANGED, "the caps of an API key are changed"),
    EventType(PROJECT_CAP_CHANGED, "the caps of a project are changed"),
    EventType(MEMBER_JOINED, "somebody joins the organization"),
    EventType(MEMBER_LEFT, "somebody leaves it, or is removed"),
)
NAMES = frozenset(kind.name for kind in TYPES)
