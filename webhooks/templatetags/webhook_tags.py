"""What the docs say of webhooks that is data: the types of events, an event, and programs that verify one."""

from collections.abc import Sequence

from django import template

from webhooks import samples
from webhooks.event_types import TYPES, EventType
from webhooks.samples import Sample

register = template.Library()


@register.simple_tag
def webhook_event_types() -> Sequence[EventType]:
    return TYPES


@register.simple_tag
def webhook_samples() -> Sequence[Sample]:
    return samples.VERIFY


@register.simple_tag
def webhook_example() -> str:
    return samples.EVENT
