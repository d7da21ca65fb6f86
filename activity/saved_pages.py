"""The pages of saved views: the list, one being saved or changed, and what its buttons do."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, member_page
from accounts.models import Membership
from accounts.undo import undoing
from activity import descriptions, saved
from activity.forms import TAKEN, SavedViewForm
from activity.models import SavedView
from clod_site.lib import ids


@require_safe
@member_page
def view_list(request: MemberRequest) -> HttpResponse:
    rows = descriptions.of_views(request.membership, saved.seen_by(request.membership))
    return render(request, "activity/saved_list.html", {"rows": rows})


@require_safe
@member_page
def view_open(request: MemberRequest, public_id: str) -> HttpResponse:
    """The view's own address, for links that follow its changes."""
    return redirect(address(saved.get(request.membership, public_id)))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def view_new(request: MemberRequest) -> HttpResponse:
    """The form as a page: without JavaScript, and where the dialog's was refused."""
    query = request.POST.get("query", "") if request.method == "POST" else request.GET.urlencode()
    form = SavedViewForm(request.POST or None, member=request.membership)
    if request.method == "POST" and form.is_valid():
        made = _unless_taken(form, lambda: saved.create(request.membership, form.cleaned_data["name"], query, is_shared=form.shares))
        if made:
            messages.success(request, f"Saved as {made.name}.")
            return redirect(address(made))
    context = {"form": form, "query": saved.canonical(query), "shows": descriptions.of_query(request.membership, saved.canonical(query))}
    return render(request, "activity/saved_new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def view_edit(request: MemberRequest, public_id: str) -> HttpResponse:
    """Another name, shared or not."""
    member, view = request.membership, saved.get(request.membership, public_id)
    saved.require_owner(member, view)
    form = SavedViewForm(request.POST or None, member=member, view=view, initial={"name": view.name, "is_shared": view.is_shared})
    is_valid = request.method == "POST" and form.is_valid()
    if is_valid and _unless_taken(form, lambda: saved.rename(member, view, form.cleaned_data["name"], is_shared=form.shares)):
        messages.success(request, f"{view.name} was changed.")
        return redirect("saved_views")
    return render(request, "activity/saved_edit.html", {"form": form, "view": view})


@require_POST
@member_page
def view_update(request: MemberRequest, public_id: str) -> HttpResponse:
    view = saved.get(request.membership, public_id)
    saved.update(request.membership, view, request.POST.get("query", ""))
    messages.success(request, f"{view.name} shows this now.")
    return redirect(address(view))


@require_POST
@member_page
def view_delete(request: MemberRequest, public_id: str) -> HttpResponse:
    view = saved.get(request.membership, public_id)
    saved.delete(request.membership, view)
    messages.success(request, f"{view.name} was deleted.", undoing("saved_view_restore", public_id))
    return redirect("saved_views")


@require_POST
@member_page
def view_restore(request: MemberRequest, public_id: str) -> HttpResponse:
    try:
        with transaction.atomic():
            view = saved.restore(request.membership, public_id)
    except IntegrityError:
        messages.error(request, "There is another view of that name now. Rename it first.", undoing("saved_view_restore", public_id))
    else:
        messages.success(request, f"{view.name} is back.")
    return redirect("saved_views")


def menu(member: Membership, opened: SavedView | None, query: str) -> dict[str, Any]:
    """What the Activity page needs for its menu of views: ``query`` is what it shows now."""
    views = list(saved.seen_by(member))
    return {
        "saved_views": [(view, address(view), view.owner_id == member.user_id) for view in views],
        "view": opened,
        "may_update_view": bool(opened and opened.owner_id == member.user_id and saved.canonical(query) != opened.query),
        "is_view_changed": bool(opened and saved.canonical(query) != opened.query),
        "save_form": SavedViewForm(member=member, auto_id="save_%s"),
    }


def address(view: SavedView) -> str:
    return f"/activity?{view.query}{'&' if view.query else ''}view={ids.public('view', view.pk)}"


def _unless_taken(form: SavedViewForm, write: Callable[[], SavedView]) -> SavedView | None:
    """None where the name was taken a moment ago; the form says so."""
    try:
        with transaction.atomic():
            return write()
    except IntegrityError:
        form.add_error("name", TAKEN.format(form.cleaned_data["name"]))
        return None
