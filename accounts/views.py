"""Landing, docs, settings, and the small switches of the frame."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, free_quota, handbook, onboarding, zones
from accounts.access import MANAGERS, MemberRequest, member_page
from accounts.context import THEMES
from accounts.forms import OrganizationForm, ProfileForm
from accounts.models import FreeQuota, Organization, User
from accounts.signals import organization_changed
from clod_site.lib import clock

A_YEAR_S = 365 * 24 * 3600


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    return redirect("/models") if request.user.is_authenticated else render(request, "landing.html")


@require_safe
def clod_logs(request: HttpRequest) -> FileResponse:
    """The tool that opens exports of sealed logs, for who has no copy of the repository."""
    return FileResponse(
        (settings.BASE_DIR / "bin" / "clod-logs").open("rb"), as_attachment=True, filename="clod-logs", content_type="text/x-python"
    )


@require_safe
def docs(request: HttpRequest, slug: str = handbook.FIRST) -> HttpResponse:
    place = next((number for number, page in enumerate(handbook.PAGES) if page.slug == slug), None)
    if place is None:
        raise Http404
    context = {
        "pages": handbook.PAGES,
        "page": handbook.PAGES[place],
        "next": handbook.PAGES[place + 1] if place + 1 < len(handbook.PAGES) else None,
        "code": handbook.CODE,
        "clients": handbook.CLIENTS,
        "errors": handbook.ERRORS,
        "price_api": handbook.price_api(settings.CLOD_API_URL),
        "prices_per_minute": settings.CLOD_PRICES_PER_MINUTE,
        "free_requests": settings.CLOD_FREE_REQUESTS_PER_DAY,
        "fee_percent": settings.CLOD_ROUTING_FEE_BASIS_POINTS // 100,
        "max_body_mib": settings.CLOD_MAX_BODY_BYTES // 1024**2,
    }
    return render(request, handbook.PAGES[place].template, context)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For those who ask for it by its old address; pages name the SVG."""
    return redirect(static("img/favicon.ico"))


@require_safe
@never_cache
@member_page
def facts(request: MemberRequest) -> HttpResponse:
    """The top bar's facts alone, for a page that stays open."""
    return render(request, "frame/facts.html")


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Without JavaScript; with it, theme.js writes the same cookie."""
    response = redirect(_next(request))
    if request.POST.get("theme") in THEMES:
        response.set_cookie("clod_theme", request.POST["theme"], max_age=A_YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response


@require_POST
@member_page
def choose_organization(request: MemberRequest) -> HttpResponse:
    try:
        access.choose(request, UUID(request.POST.get("organization", "")))
    except ValueError:
        raise Http404 from None
    return redirect("/projects")


@require_POST
@login_required
def start_organization(request: HttpRequest) -> HttpResponse:
    """For who is in none; sent twice, it starts one."""
    assert isinstance(request.user, User)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=request.user.pk)
        if not user.memberships.exists():
            onboarding.create_personal_organization(user)
    return redirect("first_steps")


@require_safe
@member_page
def settings_page(request: MemberRequest) -> HttpResponse:
    return _settings(request)


@require_http_methods(["POST"])
@member_page
def change_organization(request: MemberRequest) -> HttpResponse:
    access.require(request.membership, MANAGERS, "change the organization's settings")
    form = OrganizationForm(request.POST, instance=request.membership.organization, prefix="organization")
    if not form.is_valid():
        return _settings(request, organization_form=form)
    try:
        changes_at = form.save_at(clock.now())
    except zones.TooSoon as reason:
        form.add_error("time_zone", str(reason))
        return _settings(request, organization_form=form)
    _tell(request, "organization", {name: (form[name].initial, form.cleaned_data[name]) for name in form.changed_data})
    when = f" The time zone changes on {changes_at:%d %B %Y at %H:%M} UTC." if changes_at else ""
    messages.success(request, f"The organization's settings are saved.{when}")
    return redirect("settings")


@require_POST
@member_page
def keep_time_zone(request: MemberRequest) -> HttpResponse:
    access.require(request.membership, MANAGERS, "change the organization's settings")
    if zones.cancel(request.membership.organization_id, clock.now()):
        _tell(request, "time_zone_kept")
        messages.success(request, "The time zone stays as it is.")
    else:
        messages.error(request, "There is no change of the time zone to cancel; it may just have taken effect.")
    return redirect("settings")


@require_POST
@member_page
def bring_free_requests(request: MemberRequest) -> HttpResponse:
    """Anybody's own: no role is needed to bring them, and nobody can bring another's."""
    try:
        since = free_quota.bring(request.user, request.membership.organization_id, clock.now())
    except free_quota.Unavailable as reason:
        messages.error(request, str(reason))
    else:
        _tell(request, "free_requests")
        when = "" if since <= clock.now() else f" They begin on {since:%d %B %Y at %H:%M} UTC."
        messages.success(request, f"{request.membership.organization.name} has your free requests.{when}")
    return redirect("settings")


@require_POST
@member_page
def change_profile(request: MemberRequest) -> HttpResponse:
    form = ProfileForm(request.POST, instance=request.user, prefix="profile")
    if not form.is_valid():
        return _settings(request, profile_form=form)
    form.save()
    messages.success(request, "Your profile is saved.")
    return redirect("settings")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    return render(request, "styleguide.html", {"code": 'curl "https://api.example.org/v1/models"'})


def _tell(request: MemberRequest, deed: str, changes: dict[str, tuple[object, object]] | None = None) -> None:
    organization = request.membership.organization
    organization_changed.send(sender=Organization, request=request, organization=organization, deed=deed, changes=changes)


def _settings(
    request: MemberRequest, *, organization_form: OrganizationForm | None = None, profile_form: ProfileForm | None = None
) -> HttpResponse:
    """The page with both forms; one of them may come back with errors, and then the answer is a 422."""
    organization, now = request.membership.organization, clock.now()
    context: dict[str, object] = {
        "organization_form": organization_form or OrganizationForm(instance=organization, prefix="organization"),
        "next_calendar": zones.on_its_way(organization, now),
        "profile_form": profile_form or ProfileForm(instance=request.user, prefix="profile"),
        "may_change_organization": access.may(request.membership, MANAGERS),
        "free_requests": settings.CLOD_FREE_REQUESTS_PER_DAY,
        "is_verified": free_quota.is_verified(request.user),
    }
    context |= _free_quotas(request, now)
    return render(request, "accounts/settings.html", context, status=422 if organization_form or profile_form else 200)


def _free_quotas(request: MemberRequest, now: datetime) -> dict[str, object]:
    """The free requests of this organization and the reader's own, and when those would begin here."""
    organization = request.membership.organization
    mine = FreeQuota.objects.select_related("organization").filter(user=request.user).first() or FreeQuota(user=request.user)
    return {"quota": free_quota.of(organization), "mine": mine, "begins_at": free_quota.begins(mine, organization, now), "now": now}


def _next(request: HttpRequest) -> str:
    """Where the reader came from, never another site."""
    address = request.POST.get("next", "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else "/"
