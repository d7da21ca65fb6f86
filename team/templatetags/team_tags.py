"""What pages of other apps show of the team."""

from typing import Any

from django import template

from team import mail_choices
from team.forms import MailForm

register = template.Library()


@register.inclusion_tag("team/_mail_choices.html", takes_context=True)
def mail_choices_of_reader(context: dict[str, Any]) -> dict[str, Any]:
    """The card of Settings in which people choose their mails. One query."""
    request = context["request"]
    return {
        "form": MailForm(instance=mail_choices.of(request.user), prefix="mails"),
        "request": request,
        "csrf_token": context.get("csrf_token"),
    }
