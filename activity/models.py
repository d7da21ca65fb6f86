"""One row a request: what was asked for, who answered, how long it took, what it cost. What was said is apart, where a project keeps it."""

from datetime import UTC, datetime

from django.db import models
from django.db.models.functions import Lower

from accounts.models import Organization, User
from catalog.models import PriceTick
from catalog.operations import CHAT
from clod_site.lib import clock, ids
from projects.models import ApiKey, Project


class Status(models.TextChoices):
    OK = "ok"
    CLIENT_CLOSED = "client_closed", "client left"
    TRUNCATED = "truncated", "upstream broke off"
    UPSTREAM_ERROR = "upstream_error", "upstream failed"
    REJECTED = "rejected", "upstream refused"
    EXPIRED = "expired", "interrupted"


class Request(models.Model):
    """A logged call. Its id is the hold's; it is written in the transaction that settles the hold.

    Names of model, provider and data center are copied in: history does not change when the catalog does.
    Times are milliseconds from admission; ``ttft_ms`` is the time to the first token. The key, project and price it refers
    to are never deleted, so the database does not look whether they are there (decision 0016).
    """

    id = models.UUIDField(primary_key=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Of a call from Studio.")
    created_at = models.DateTimeField(default=clock.now)
    model = models.CharField(max_length=80, help_text="Slug of the model that answered.")
    operation = models.CharField(
        max_length=12, default=CHAT, blank=True, help_text="As in catalog.operations; empty where its process died."
    )
    requested_model = models.CharField(max_length=200, help_text="As the client wrote it, tags included.")
    provider = models.CharField(max_length=80)
    data_center = models.CharField(max_length=80, blank=True)
    price_tick = models.ForeignKey(PriceTick, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    status = models.CharField(max_length=16, choices=Status.choices)
    error_code = models.CharField(max_length=60, blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    is_stream = models.BooleanField(default=False)
    paid_by = models.CharField(max_length=6)
    prompt_tokens = models.BigIntegerField(default=0)
    completion_tokens = models.BigIntegerField(default=0)
    cached_tokens = models.BigIntegerField(default=0)
    reasoning_tokens = models.BigIntegerField(default=0)
    cost_nanousd = models.BigIntegerField(default=0, help_text="Charged.")
    list_cost_nanousd = models.BigIntegerField(default=0, help_text="The same tokens at list price, fee included.")
    fee_nanousd = models.BigIntegerField(default=0)
    is_estimated = models.BooleanField(default=False)
    is_usage_suspect = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    ttft_ms = models.PositiveIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(default=0)
    energy_uwh = models.BigIntegerField(null=True, blank=True, help_text="Modelled, micro-Wh, of a CLōD-hosted model.")
    electricity_picousd = models.BigIntegerField(null=True, blank=True, help_text="What that energy cost where the call ran.")
    electricity_average_picousd = models.BigIntegerField(
        null=True, blank=True, help_text="What it would have cost at the average of the data centers the model was at."
    )
    routing = models.JSONField(default=dict, help_text="Candidates, scores, and why each lost.")

    class Meta:
        indexes = (
            models.Index(fields=("organization", "-id"), name="activity_newest"),
            models.Index(fields=("project", "-id"), name="activity_of_project"),
        )

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_untold(self) -> bool:
        """Its process died before it could tell how it went: the model and what was charged is all that is known."""
        return not self.operation


class Body(models.Model):
    """What was said in one request, as its project wanted it kept: a JSON document, or the JWE that it is sealed in.

    Its id is the request's. ``kids`` names the recipients, a space before and after each.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField(help_text="When its request was admitted.")
    delete_at = models.DateTimeField(db_index=True)
    is_sealed = models.BooleanField()
    kids = models.TextField(blank=True)
    content = models.TextField()

    class Meta:
        verbose_name_plural = "bodies"
        indexes = (models.Index(fields=("project", "-id"), name="bodies_of_project"),)

    def __str__(self) -> str:
        return str(self.id)


class Rollup(models.Model):
    """What an organization's requests of some time add up to, a row for each combination of the columns above the sums.

    Written by ``activity.rollups`` alone, kept for ever. ``ttft`` and ``latency`` are ``activity.times`` texts: buckets and counts.
    """

    start = models.DateTimeField()
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=16, choices=Status.choices)
    paid_by = models.CharField(max_length=6)
    is_stream = models.BooleanField()
    requests = models.BigIntegerField()
    prompt_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    cost_nanousd = models.BigIntegerField()
    list_cost_nanousd = models.BigIntegerField()
    fee_nanousd = models.BigIntegerField()
    energy_uwh = models.BigIntegerField(help_text="This and both amounts below: of requests that have an average to compare with.")
    electricity_picousd = models.BigIntegerField()
    electricity_average_picousd = models.BigIntegerField()
    ttft = models.TextField(blank=True)
    latency = models.TextField(blank=True, help_text="Of requests that were answered in full.")

    class Meta:
        abstract = True
        indexes = (
            models.Index(fields=("organization", "start"), name="%(class)s_of_tenant"),
            models.Index(fields=("start",), name="%(class)s_start"),
        )

    def __str__(self) -> str:
        return f"{self.requests} requests from {self.start:%Y-%m-%d %H:%M} on"


class DetailedRollup(Rollup):
    """By everything that Activity filters by."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, help_text="None: Studio.")
    model = models.CharField(max_length=80)
    requested_model = models.CharField(max_length=200)
    provider = models.CharField(max_length=80)
    data_center = models.CharField(max_length=80, blank=True)

    class Meta(Rollup.Meta):
        abstract = True


class UsageHour(DetailedRollup):
    """A UTC hour."""


class UsageDay(DetailedRollup):
    """A UTC day, for times that are long: it has a tenth of the rows its hours have."""


class UsageTotal(Rollup):
    """A UTC day by status, payer and streaming alone: at most two dozen rows, however many keys and models there are."""


class UsageMark(models.Model):
    """One row: every request before ``complete_before`` is in ``UsageHour``, and every whole day before it in ``UsageDay``.

    Later ones are read from the requests themselves. Days before ``totals_before`` are in ``UsageTotal``; it has a mark of its own because
    a process of a version that knows no totals goes on writing days.
    """

    THE_ONE = 1
    EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

    complete_before = models.DateTimeField(default=EPOCH)
    totals_before = models.DateTimeField(default=EPOCH, db_default=EPOCH)

    def __str__(self) -> str:
        return f"complete before {self.complete_before:%Y-%m-%d %H:%M}"


class SavedView(models.Model):
    """A filter of Activity and its chart under a name. One that was deleted can be brought back for a day."""

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True, help_text="As Activity's address has it; empty: everything of the last day.")
    is_shared = models.BooleanField(default=False, help_text="Everybody of the organization sees it.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "organization", "owner", Lower("name"), condition=models.Q(deleted_at=None), name="saved_view_name_once_an_owner"
            ),
        )

    def __str__(self) -> str:
        return self.name
