"""A page between a button of the admin and what it does: what is so now, what will be, a form, and one button that says what it does.

Buttons above an admin page are links. What they lead to is shown by GET and done by POST alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django import forms
from django.contrib.admin.utils import unquote
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from clod_site.admin_pages import Page

Deed = TypeVar("Deed", bound=Callable[..., HttpResponse])


def button(says: str, *, path: str, may: str, icon: str) -> Callable[[Deed], Deed]:
    """A view of a page, with a button that leads to it: for whom the page's ``has_<may>_permission`` lets."""
    return cast("Callable[[Deed], Deed]", action(description=says, url_path=path, permissions=[may], icon=icon))


@dataclass(frozen=True)
class Step:
    """``facts`` are labels and values, ``table`` has a row of headers and rows of cells; ``does`` is what the button says."""

    title: str
    purpose: str
    does: str
    facts: Sequence[tuple[str, str]] = ()
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    problems: Sequence[str] = ()
    is_dangerous: bool = False
    is_final: bool = False  # there is nothing to press
    has_file: bool = False


def row_of(page: Page, request: HttpRequest, object_id: str) -> Any:
    """The row a button was pressed for; 404 where there is none."""
    found = page.get_object(request, unquote(object_id))
    if found is None:
        raise Http404(f"There is no such {page.opts.verbose_name}.")
    return found


def show(
    page: Page,
    request: HttpRequest,
    step: Step,
    form: forms.Form | None = None,
    row: Model | None = None,
    hidden: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The page of a step. ``hidden`` are further values the form sends."""
    names = f"admin:{page.opts.app_label}_{page.opts.model_name}"
    back = reverse(f"{names}_change", args=[row.pk]) if row else reverse(f"{names}_changelist")
    context = {
        **page.admin_site.each_context(request),
        "title": step.title,
        "step": step,
        "form": form,
        "hidden": hidden or {},
        "back": back,
    }
    return TemplateResponse(request, "admin/step.html", context | {"opts": page.opts, "original": row})
