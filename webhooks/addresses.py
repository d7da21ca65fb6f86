"""How webhooks and deliveries are written in addresses: ``wh_…`` and ``dlv_…``."""

from clod_site.lib.addresses import PublicId


class WebhookAddress(PublicId):
    prefix = "wh"


class DeliveryAddress(PublicId):
    prefix = "dlv"
