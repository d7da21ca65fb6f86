"""What the admin pages of all apps share: amounts in dollars instead of nano-USD, and pages that only show.

A column called ``…_nanousd``, ``…_nanousd_per_mtok`` or ``…_microusd_per_mwh`` is an amount; its name says its unit.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminTextInputWidget

from clod_site.lib import money

if TYPE_CHECKING:
    from django.contrib import admin

    _Page = admin.ModelAdmin[Any]
    _Inline = admin.TabularInline[Any, Any]
else:
    from unfold.admin import ModelAdmin as _Page
    from unfold.admin import TabularInline as _Inline

Column = str | Callable[[Any], Any]
_MICRO = 1_000_000
_AMOUNT = re.compile(r"\$?[0-9]{1,20}(\.[0-9]{1,20})?")  # no exponents, and none of the digits and signs that Decimal takes besides
_UNITS = {  # column ending: its parts per dollar, and what the amount is per
    "_nanousd": (money.NANO, ""),
    "_nanousd_per_mtok": (money.NANO, " per Mtok"),
    "_microusd_per_mwh": (_MICRO, " per MWh"),
}


_FILTERED = ("", "__exact", "__isnull", "__gte", "__lt", "__id__exact")  # what the filters beside a list ask for
_BY_DATE = ("__year", "__month", "__day")


class Page(_Page):
    """An admin page whose amounts are read and typed in dollars.

    Its list answers the lookups of its own filters and of ``linked`` (addresses other pages lead to), and no other: a list that takes any
    lookup tells, a letter at a time, what no page shows. A bulk action that names no permission is offered to whom may change the rows.
    """

    linked: Sequence[str] = ()
    list_per_page = 50
    show_full_result_count = False  # counting a table of millions takes longer than showing it
    compressed_fields = True

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        filters = self.get_list_filter(request) if request else self.list_filter
        paths = [each[0] if isinstance(each, tuple) else getattr(each, "parameter_name", each) for each in filters]
        asked = {f"{path}{ending}" for path in paths for ending in _FILTERED} | {f"{self.date_hierarchy}{ending}" for ending in _BY_DATE}
        return lookup in asked or lookup in self.linked

    def get_actions(self, request: Any) -> Any:
        found: dict[str, Any] = super().get_actions(request)
        may_change = self.has_change_permission(request)
        return {name: deed for name, deed in found.items() if may_change or getattr(deed[0], "allowed_permissions", None)}

    def guard(self, request: Any, object_id: str | None) -> Callable[[], list[str]] | None:
        """Asked before a form is saved, for what is asked afterwards: why it may not stay so. None: nothing is looked at."""
        return None

    def changeform_view(self, request: Any, object_id: str | None = None, form_url: str = "", extra_context: Any = None) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            ask = self.guard(request, object_id)
            answer = super().changeform_view(request, object_id, form_url, extra_context)
            complaints = ask() if ask else []
            transaction.set_rollback(bool(complaints))
        if not complaints:
            return answer
        list(messages.get_messages(request))  # that it was saved
        self.message_user(request, f"Nothing was saved. {' '.join(complaints)}", messages.ERROR)
        return redirect(request.path)

    def formfield_for_dbfield(self, db_field: "models.Field[Any, Any]", request: Any, **options: Any) -> Any:
        ending = _ending(db_field.name)
        if ending is None:
            return super().formfield_for_dbfield(db_field, request, **options)
        per_dollar, _ = _UNITS[ending]
        return DollarsField(
            per_dollar, label=f"{_label(db_field.name).capitalize()}, in dollars", required=not db_field.blank, help_text=db_field.help_text
        )


class OnlyShown:
    """No adding, no changing, no deleting; every column is shown but binary and ``hidden`` ones."""

    model: type[models.Model]
    hidden: Sequence[str] = ()

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        return columns_of(self.model, self.hidden)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        return self.get_fields(request, obj)


class Record(OnlyShown, Page):
    """The page of rows that programs write and people only read."""


class Inline(_Inline):
    extra = 0
    show_change_link = True


class RecordInline(OnlyShown, Inline):
    """Rows of another table that are shown with their owner. ``columns`` names them."""

    columns: Sequence[Column] = ()

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        return self.columns


class DollarsField(forms.CharField):
    """Dollars in the form, an integer of ``per_dollar``-ths in the row; never negative, never rounded."""

    def __init__(self, per_dollar: int, **options: Any) -> None:
        super().__init__(widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}), **options)
        self.per_dollar = per_dollar

    def prepare_value(self, value: Any) -> Any:
        return _plain(Decimal(value) / self.per_dollar) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        written = text.strip()
        if not _AMOUNT.fullmatch(written):
            raise ValidationError(
                f"{text} is negative." if written.startswith("-") else f"{text} is not an amount in dollars; write it like 5.00."
            )
        amount = Decimal(written.removeprefix("$")) * self.per_dollar
        if amount != int(amount) or amount > models.BigIntegerField.MAX_BIGINT:
            raise ValidationError(f"{text} is too large, or finer than $1/{self.per_dollar:,}.")
        return int(amount)


def read_once(fact: Callable[[Any], str]) -> Callable[[Any], str]:
    """For a column of one row's page that asks the database: the page calls it several times."""

    @wraps(fact)
    def told(row: Any) -> str:
        known: dict[Any, str] = row.__dict__.setdefault("_facts", {})
        if fact not in known:
            known[fact] = fact(row)
        return known[fact]

    return told


def dollars(column: str, label: str = "", *, exact: bool = False) -> Column:
    """A column that shows an amount as people read it, or to the last digit, as prices always are; sorts by the amount."""
    ending = _ending(column) or "_nanousd"
    scale = money.NANO // _UNITS[ending][0]
    write = _exactly if exact or ending == "_nanousd_per_mtok" else money.format_usd

    def show(row: Any) -> str:
        amount = getattr(row, column)
        return "–" if amount is None else write(amount * scale)

    show.short_description = label or _label(column)  # type: ignore[attr-defined]
    show.admin_order_field = column  # type: ignore[attr-defined]
    return show


def columns_of(model: type[models.Model], hidden: Sequence[str] = ()) -> list[Column]:
    """Every column as its page shows it: amounts in dollars to the last digit; digests and other binary ones not at all."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.BinaryField) and field.name not in hidden]
    return [dollars(field.name, exact=True) if _ending(field.name) else field.name for field in fields]


def _ending(column: str) -> str | None:
    return next((ending for ending in _UNITS if f"_{column}".endswith(ending)), None)


def _label(column: str) -> str:
    ending = _ending(column) or ""
    return f"_{column}".removesuffix(ending).replace("_", " ").strip() + (_UNITS[ending][1] if ending else "")


def _exactly(nanousd: int) -> str:
    return f"{'−' if nanousd < 0 else ''}${money.as_text(abs(nanousd))}"


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
