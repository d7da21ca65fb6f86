"""What a closing organization's wallet holds."""

from django import template

from accounts.models import Organization
from billing.models import Wallet
from clod_site.lib import money

register = template.Library()


@register.simple_tag
def balance_of(organization: Organization) -> str:
    wallet = Wallet.objects.filter(organization=organization).first()
    return money.format_usd(wallet.balance_nanousd if wallet else 0)
