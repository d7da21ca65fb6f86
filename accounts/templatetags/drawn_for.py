"""``{% csrf_token %}`` of every form, with the organization the form was drawn for beside it (``accounts.drawn_for``)."""

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import drawn_for

register = template.Library()


class _Tokens(CsrfTokenNode):
    def render(self, context: Context) -> SafeString:
        token, organization = super().render(context), drawn_for.told(context.get("request"))
        if not token or not organization:
            return SafeString(token)
        return format_html('{}<input type="hidden" name="{}" value="{}">', token, drawn_for.FIELD, organization)


@register.tag
def csrf_token(_parser: Parser, _token: Token) -> _Tokens:
    return _Tokens()
