"""What can be called: a Model, served at Endpoints by Providers or at Data centers, priced by Price ticks.

Prices are nano-USD per million tokens; energy prices are micro-USD per MWh; instants are UTC.
"""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from catalog import features, operations, variables
from catalog.providers import ADAPTERS
from clod_site.lib import clock, crypto, destinations

MODALITIES = ("text", "image", "audio", "video", "file")
OUTPUTS = (*MODALITIES, "embedding")


class Category(models.TextChoices):
    HOSTED = "hosted", "CLōD-hosted"
    THIRD_PARTY = "third_party", "Third-party"


class CancelPolicy(models.TextChoices):
    """What an upstream does, and bills, when we close its stream early."""

    CANCEL = "cancel", "stops and bills what it produced"
    DRAIN = "drain", "goes on and bills all of it: read to the end"
    NO_BILL = "no_bill", "stops and bills nothing"


class Withheld(models.TextChoices):
    """Why an operator lets an endpoint take no new calls. Those that run there go on to their end."""

    NOT = "", "in service"
    DRAINED = "drained", "drained"
    EJECTED = "ejected", "ejected"


class Sealed(models.Model):
    """Whoever is called with a key: the variable that holds it, or the key itself, encrypted."""

    credential_env = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="The environment variable that holds its API key."
    )
    credential_sealed = models.TextField(blank=True, editable=False, default="", db_default="")

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        variables.check_key(self.credential_env)

    def set_credential(self, secret: str) -> None:
        self.credential_sealed = crypto.encrypt(secret) if secret else ""


class Catalogued(models.Model):
    """What is loaded from the catalog files: known by its slug, switched off rather than deleted."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Provider(Sealed, Catalogued):
    """Whoever answers behind an address. CLōD itself is one: the provider of every hosted endpoint."""

    website_url = models.URLField(blank=True)
    base_url = models.CharField(max_length=300, blank=True, help_text="Of its API, such as https://api.openai.com/v1.")
    adapter = models.CharField(max_length=40, default="openai", help_text="How it is spoken to: a name in catalog/providers.")
    needs_credential = models.BooleanField(default=True)
    cancel_policy = models.CharField(max_length=10, choices=CancelPolicy.choices, default=CancelPolicy.CANCEL)

    def clean(self) -> None:
        super().clean()
        if self.adapter not in ADAPTERS:
            raise ValidationError({"adapter": f"is none of {', '.join(sorted(ADAPTERS))}"})
        if complaint := _destination_complaint(self.base_url):
            raise ValidationError({"base_url": complaint})


class DataCenter(Sealed, Catalogued):
    """A site with GPUs on a wholesale electricity market. ``pue`` and ``adder`` are assumptions, and pages say so.

    Its servers are called with its own key where it has one, else with their provider's.
    """

    market = models.CharField(max_length=12)
    node = models.CharField(max_length=60)
    time_zone = models.CharField(max_length=64)
    latitude = models.FloatField()
    longitude = models.FloatField()
    pue = models.FloatField(default=1.25)
    adder_microusd_per_mwh = models.BigIntegerField(default=0)


class Model(Catalogued):
    """A language model as customers know it: display name, slug and vendor id all resolve to it."""

    vendor_id = models.CharField(max_length=120, unique=True)
    developer = models.CharField(max_length=80)
    description = models.CharField(max_length=400, blank=True)
    category = models.CharField(max_length=12, choices=Category.choices)
    is_free = models.BooleanField(default=False)
    input_modalities = models.JSONField(default=list)
    output_modalities = models.JSONField(default=list)
    operations = models.JSONField(default=operations.usual, help_text="What it is called for.")
    features = models.JSONField(default=features.every, blank=True, help_text="What it can do beside writing text.")
    context_window = models.PositiveIntegerField(help_text="Tokens, prompt and answer together.")
    max_output_tokens = models.PositiveIntegerField(help_text="0 for a model that only embeds.")
    parameters_b = models.FloatField(null=True, blank=True, help_text="Billions, where the developer publishes it.")
    active_parameters_b = models.FloatField(null=True, blank=True, help_text="Of a mixture of experts: billions used per token.")
    licence = models.CharField(max_length=80, blank=True)
    input_nanousd_per_mtok = models.BigIntegerField(help_text="List price.")
    output_nanousd_per_mtok = models.BigIntegerField(help_text="List price.")
    price_source = models.CharField(max_length=200)
    price_date = models.DateField()
    energy_weight = models.FloatField(default=0, help_text="How strongly the price follows electricity; 0 is a fixed price.")
    input_joule_per_token = models.FloatField(null=True, blank=True)
    output_joule_per_token = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(input_nanousd_per_mtok__gte=0, output_nanousd_per_mtok__gte=0), name="list_price_not_negative"
            ),
        )

    def clean(self) -> None:
        """Sense within the row, for forms and for the catalog files alike."""
        if (self.max_output_tokens or 0) > (self.context_window or 0):
            raise ValidationError({"max_output_tokens": f"is more than the context window of {self.context_window}"})
        if bool(self.max_output_tokens) is not operations.writes(self.operations):
            raise ValidationError({"max_output_tokens": "is 0 for a model that only embeds, and for no other"})
        if self.is_free and self.category != Category.HOSTED:
            raise ValidationError({"is_free": "only hosted models can be free: a third party would bill the free requests"})
        if (self.active_parameters_b or 0) > (self.parameters_b or float("inf")):
            raise ValidationError({"active_parameters_b": "is more than all parameters together"})

    @property
    def label(self) -> str:
        """The one word the catalog shows first: Free, CLōD-hosted or Third-party."""
        return "Free" if self.is_free else Category(self.category).label


class ListPrice(models.Model):
    """A model's list price and energy weight from ``valid_from`` until the next row (``catalog.list_prices``)."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="list_prices")
    valid_from = models.DateTimeField()
    input_nanousd_per_mtok = models.BigIntegerField()
    output_nanousd_per_mtok = models.BigIntegerField()
    energy_weight = models.FloatField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("model", "valid_from"), name="list_price_once"),)

    def __str__(self) -> str:
        return f"{self.model_id} from {self.valid_from:%Y-%m-%d %H:%M}"


class Endpoint(models.Model):
    """A model served by a provider, for hosted models at a data center. Its address may override the provider's."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="endpoints")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="endpoints")
    data_center = models.ForeignKey(DataCenter, on_delete=models.CASCADE, null=True, blank=True, related_name="endpoints")
    upstream_model = models.CharField(max_length=160, help_text="The model's name at the upstream.")
    base_url = models.CharField(max_length=300, blank=True)
    base_url_env = models.CharField(
        max_length=80, blank=True, help_text="The environment variable that holds the address of this data center's servers."
    )
    input_nanousd_per_mtok = models.BigIntegerField(null=True, blank=True, help_text="Only where it differs from the model's list price.")
    output_nanousd_per_mtok = models.BigIntegerField(null=True, blank=True)
    max_concurrency = models.PositiveIntegerField(
        default=256, validators=[MinValueValidator(1)], help_text="Calls at a time, of each gateway process; the next one goes elsewhere."
    )
    active = models.BooleanField(default=True)
    withheld = models.CharField(max_length=10, choices=Withheld.choices, blank=True, default="", db_default="", editable=False)
    withheld_at = models.DateTimeField(null=True, blank=True, editable=False)
    returned_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When an operator put it back into service: failures before it no longer count."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("model", "provider", "data_center"), name="endpoint_once_at_a_data_center"),
            models.UniqueConstraint(fields=("model", "provider"), condition=models.Q(data_center=None), name="endpoint_once_at_a_provider"),
        )

    def __str__(self) -> str:
        return f"{self.model.slug} at {self.data_center.slug if self.data_center else self.provider.slug}"

    def clean(self) -> None:
        """Hosted models are at data centers, third-party ones at their providers: routing, fee and price follow from it."""
        model, data_center = getattr(self, "model", None), self.data_center
        if model and model.category == Category.HOSTED and data_center is None:
            raise ValidationError({"data_center": f"is missing: {model.slug} is hosted, so its endpoints are at data centers"})
        if model and model.category == Category.THIRD_PARTY and data_center is not None:
            raise ValidationError({"data_center": f"is one too many: {model.slug} is third-party, its endpoints are at no data center"})
        variables.check_address(self.base_url_env)
        if complaint := _destination_complaint(self.base_url):
            raise ValidationError(f"Its address cannot be used: {complaint}")  # of the whole row: some forms do not show this field


def _destination_complaint(url: str) -> str:
    try:
        if url:
            destinations.checked(url, destinations.for_operators())
    except destinations.Denied as denied:
        return str(denied)
    return ""


class EnergyPrice(models.Model):
    """One interval of one market node, as its feed published it."""

    market = models.CharField(max_length=12)
    node = models.CharField(max_length=60)
    interval_start = models.DateTimeField()
    interval_end = models.DateTimeField()
    microusd_per_mwh = models.BigIntegerField()
    source = models.CharField(max_length=40, help_text="The feed: demo, replay, or a market's.")
    flag = models.CharField(max_length=10, blank=True, help_text="spike: several times the usual price. frozen: repeated and not used.")
    fetched_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("market", "node", "interval_start"), name="energy_price_once"),)

    def __str__(self) -> str:
        return f"{self.market} {self.node} {self.interval_start:%Y-%m-%d %H:%M}"


class EnergyHour(models.Model):
    """An hour of one market node, kept for ever; its intervals are forgotten after 90 days."""

    market = models.CharField(max_length=12)
    node = models.CharField(max_length=60)
    hour_start = models.DateTimeField()
    mean_microusd_per_mwh = models.BigIntegerField()
    lowest_microusd_per_mwh = models.BigIntegerField()
    highest_microusd_per_mwh = models.BigIntegerField()
    intervals = models.PositiveIntegerField()
    source = models.CharField(max_length=40, help_text="The feed most of its intervals came from.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("market", "node", "hour_start"), name="energy_hour_once"),)

    def __str__(self) -> str:
        return f"{self.market} {self.node} {self.hour_start:%Y-%m-%d %H}"


class PriceJob(models.Model):
    """The last run of one recurring price job: a market's feed, or the recomputing of all prices."""

    name = models.CharField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    last_run_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=20, help_text="ok, or what went wrong.")
    message = models.CharField(max_length=500, blank=True)
    newest_interval_end = models.DateTimeField(null=True, blank=True, help_text="Of the newest price this feed has ever given.")
    stored = models.PositiveIntegerField(default=0, help_text="Prices written by the last run.")
    failures_in_a_row = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True, help_text="The market asked not to be called earlier.")

    def __str__(self) -> str:
        return self.label


class DeliveredPrice(models.Model):
    """What electricity costs at a data center for one interval, after losses and adder, smoothed, and the reference it is held against."""

    data_center = models.ForeignKey(DataCenter, on_delete=models.CASCADE, related_name="delivered_prices")
    interval_start = models.DateTimeField()
    wholesale_microusd_per_mwh = models.BigIntegerField()
    delivered_microusd_per_mwh = models.BigIntegerField()
    smoothed_microusd_per_mwh = models.BigIntegerField()
    reference_microusd_per_mwh = models.BigIntegerField()
    source = models.CharField(max_length=40)
    freshness = models.CharField(max_length=10, default="fresh", help_text="fresh, stale or estimated")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("data_center", "interval_start"), name="delivered_price_once"),)

    def __str__(self) -> str:
        return f"{self.data_center_id} {self.interval_start:%Y-%m-%d %H:%M}"


class RoutedSite(models.Model):
    """Where requests go in one interval, for every model that is at exactly these data centers (``catalog.energy.routed``)."""

    sites = models.CharField(max_length=500, help_text="Ids of the data centers there were to choose from, in order.")
    interval_start = models.DateTimeField()
    data_center = models.ForeignKey(DataCenter, on_delete=models.CASCADE, related_name="+")
    is_tempted = models.BooleanField(help_text="Another one was cheaper by the margin; if it still is in the next interval, requests move.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("sites", "interval_start"), name="routed_site_once"),)

    def __str__(self) -> str:
        return f"{self.interval_start:%Y-%m-%d %H:%M} {self.data_center_id} of {self.sites}"


class PriceTick(models.Model):
    """The price of one endpoint from ``valid_from`` until its next tick. Never changed: requests, holds and the ledger point at it."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="ticks")
    valid_from = models.DateTimeField()
    input_nanousd_per_mtok = models.BigIntegerField()
    output_nanousd_per_mtok = models.BigIntegerField()
    multiplier_ppm = models.BigIntegerField(default=1_000_000, help_text="Price ÷ list price, in millionths.")
    fee_basis_points = models.PositiveIntegerField(default=0)
    delivered_price = models.ForeignKey(DeliveredPrice, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("endpoint", "valid_from"), name="tick_once"),
            models.CheckConstraint(
                condition=models.Q(input_nanousd_per_mtok__gte=0, output_nanousd_per_mtok__gte=0), name="tick_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"tick {self.pk}"


class CatalogVersion(models.Model):
    """One row, counted up whenever anything the gateway routes by has changed; its processes compare it every second."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
