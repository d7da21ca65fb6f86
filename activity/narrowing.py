"""What a filter leaves of requests and of their rollups alike, and what a time does: that is apart, because rollups know hours only."""

from django.db.models import Q, QuerySet

from activity.filters import ERRORS, LIMBS, STUDIO, Filter, Span
from activity.models import Request
from activity.sums import FAILED, Rows
from clod_site.lib import ids


def narrow(rows: Rows, wanted: Filter) -> Rows:
    """Requests, or rollups of them, that match; a project or key of somebody else simply matches nothing."""
    conditions = {
        "model": _models,
        "project": _projects,
        "key": _keys,
        "site": _sites,
        "status": _statuses,
        "paid": _paid,
        "stream": _stream,
    }
    for name in LIMBS:
        if values := getattr(wanted, name):
            rows = rows.filter(conditions[name](values))
    return _matching(rows, wanted) if wanted.text else rows


def asks_for_details(wanted: Filter) -> bool:
    """Whether it narrows by what totals do not tell apart."""
    return bool(wanted.text or wanted.model or wanted.project or wanted.key or wanted.site)


def within(rows: QuerySet[Request], span: Span) -> QuerySet[Request]:
    """Ids begin with their millisecond, so a time range is a range of ids: the index that pages also filters."""
    rows = rows if span.is_open else rows.filter(id__lt=ids.first_at(span.end))
    return rows.filter(id__gte=ids.first_at(span.start)) if span.start else rows


def _matching(rows: Rows, wanted: Filter) -> Rows:
    if wanted.request_id:
        return rows.filter(id=wanted.request_id) if rows.model is Request else rows.none()
    return rows.filter(requested_model__icontains=wanted.text)


def _models(values: tuple[str, ...]) -> Q:
    return Q(model__in=values)


def _projects(values: tuple[str, ...]) -> Q:
    return Q(project_id__in=[ids.parse_public("proj", value) for value in values])


def _keys(values: tuple[str, ...]) -> Q:
    named = Q(api_key__public_id__in=[value for value in values if value != STUDIO])
    return named | Q(api_key__isnull=True) if STUDIO in values else named


def _sites(values: tuple[str, ...]) -> Q:
    """A provider stands for itself only where there is no data center."""
    return Q(data_center__in=values) | Q(data_center="", provider__in=values)


def _statuses(values: tuple[str, ...]) -> Q:
    return Q(status__in={*values, *FAILED} if ERRORS in values else values)


def _paid(values: tuple[str, ...]) -> Q:
    return Q(paid_by__in=values)


def _stream(values: tuple[str, ...]) -> Q:
    return Q(is_stream__in=[value == "yes" for value in values])
