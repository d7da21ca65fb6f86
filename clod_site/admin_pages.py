"""What the admin pages of all apps share: amounts in dollars instead of nano-USD, and pages that only show.

A column called ``…_nanousd``, ``…_nanousd_per_mtok`` or ``…_microusd_per_mwh`` is an amount; its name says its unit.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
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
_UNITS = {  # column ending: its parts per dollar, and what the amount is per
    "_nanousd": (money.NANO, ""),
    "_nanousd_per_mtok": (money.NANO, " per Mtok"),
    "_microusd_per_mwh": (_MICRO, " per MWh"),
}


class Page(_Page):
    """An admin page whose amounts are read and typed in dollars."""

    list_per_page = 50
    show_full_result_count = False  # counting a table of millions takes longer than showing it
    compressed_fields = True

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
        try:
            amount = Decimal(text.strip().lstrip("$")) * self.per_dollar
        except InvalidOperation:
            raise ValidationError(f"{text} is not an amount in dollars; write it like 5.00.") from None
        if not amount.is_finite() or amount < 0 or amount != int(amount) or amount > models.BigIntegerField.MAX_BIGINT:
            raise ValidationError(f"{text} is negative, too large, or finer than $1/{self.per_dollar:,}.")
        return int(amount)


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
