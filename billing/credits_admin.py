"""Crediting a wallet by hand, and taking back: a form, then a page that shows the balance before and after, then one ledger entry."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import Organization
from billing import by_hand, refusals
from billing.by_hand import Movement
from billing.ledger.crediting import KeyReused
from clod_site import admin_steps
from clod_site.admin_pages import DollarsField
from clod_site.admin_steps import Step, button
from clod_site.lib import money
from clod_site.lib.money import format_usd

MAY = "billing.credit_wallet"
_USED = "This form was used for another amount already. Go back, and begin again."
_AWAY = "The ledger does not answer right now. Press the button again: however often you do, the money is moved once."


class MovementForm(forms.Form):
    amount = DollarsField(money.NANO, label="Amount, in dollars", error_messages={"required": "Give an amount, such as 25.00."})
    reason = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="The organization reads it on its statement and in its audit log.",
        error_messages={"required": "Say why: it is on the organization's statement."},
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if not 0 < amount <= by_hand.MOST_NANOUSD:
            raise forms.ValidationError(f"Give an amount of more than nothing, and of at most {format_usd(by_hand.MOST_NANOUSD)}.")
        return amount

    def clean(self) -> None:
        if not by_hand.is_key(self.cleaned_data["key"]):
            raise forms.ValidationError("This form has lost its key. Go back, and begin again.")


@button("Credit", path="credit", may="credit", icon="add_card")
def credit(page: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    return _moved(page, request, object_id, takes=False)


@button("Take back", path="take-back", may="credit", icon="credit_card_off")
def take_back(page: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    return _moved(page, request, object_id, takes=True)


def _moved(page: Any, request: HttpRequest, object_id: str, *, takes: bool) -> HttpResponse:
    organization = admin_steps.row_of(page, request, object_id)
    if request.method != "POST":
        return _asked(page, request, organization, MovementForm(initial={"key": by_hand.new_key()}), takes=takes)
    form = MovementForm(request.POST)
    if not form.is_valid():
        return _asked(page, request, organization, form, takes=takes)
    movement = Movement(form.cleaned_data["amount"], takes, form.cleaned_data["reason"], form.cleaned_data["key"])
    if "confirmed" in request.POST:
        return _done(page, request, organization, movement)
    if _lacks(organization, movement):
        form.add_error(
            "amount", f"Only {format_usd(_available(organization))} of the balance can be taken: calls that run now hold the rest."
        )
        return _asked(page, request, organization, form, takes=takes)
    return _confirmed(page, request, organization, movement)


def _asked(page: Any, request: HttpRequest, organization: Organization, form: MovementForm, *, takes: bool) -> HttpResponse:
    wallet = organization.wallet
    facts = [("Balance", format_usd(wallet.balance_nanousd)), ("Held by running calls", format_usd(wallet.held_nanousd))]
    if takes:
        step = Step(
            f"Take back from {organization.name}", "A correction: it leaves the wallet, down to what is held at most.", "Go on", facts
        )
    else:
        step = Step(f"Credit {organization.name}", "Money for its wallet, without a payment. The next page asks once more.", "Go on", facts)
    return admin_steps.show(page, request, step, form, organization)


def _confirmed(
    page: Any, request: HttpRequest, organization: Organization, movement: Movement, problems: tuple[str, ...] = ()
) -> HttpResponse:
    before = organization.wallet.balance_nanousd
    facts = [
        ("Taken back" if movement.takes else "Credited", _exactly(movement.amount_nanousd)),
        ("Balance now", format_usd(before)),
        ("Balance afterwards", format_usd(before + movement.signed)),
        ("Reason", movement.reason),
    ]
    does = f"{'Take back' if movement.takes else 'Credit'} {format_usd(movement.amount_nanousd)}"
    purpose = "The entry cannot be changed or deleted afterwards, only balanced by another. Calls that end meanwhile move the balance, too."
    step = Step(f"{does}: {organization.name}", purpose, does, facts, problems=problems, is_dangerous=movement.takes)
    hidden = {"amount": money.as_text(movement.amount_nanousd), "reason": movement.reason, "key": movement.key, "confirmed": "yes"}
    return admin_steps.show(page, request, step, None, organization, hidden)


def _done(page: Any, request: HttpRequest, organization: Organization, movement: Movement) -> HttpResponse:
    try:
        entry, is_new = by_hand.move(request, organization, movement)
    except KeyReused:
        return _confirmed(page, request, organization, movement, (_USED,))
    except refusals.InsufficientFunds:
        return _confirmed(page, request, organization, movement, ("Calls that run now hold too much of it. Go back, and take less.",))
    except refusals.TryAgain:
        return _confirmed(page, request, organization, movement, (_AWAY,))
    what = f"{format_usd(movement.amount_nanousd)} {'taken back' if movement.takes else 'credited'}; the balance was {{}} then."
    if is_new:
        page.log_change(request, organization, f"{what.format(format_usd(entry.balance_after_nanousd))} {movement.reason}")
        page.message_user(request, what.format(format_usd(entry.balance_after_nanousd)))
    else:
        page.message_user(request, "It was moved already, by your first click; nothing was moved again.", messages.WARNING)
    return redirect("admin:accounts_organization_change", organization.pk)


def _exactly(nanousd: int) -> str:
    """Every digit of it, and two decimals at least."""
    return format_usd(nanousd) if nanousd % (money.NANO // 100) == 0 else f"${money.as_text(nanousd)}"


def _available(organization: Organization) -> int:
    return organization.wallet.balance_nanousd - organization.wallet.held_nanousd


def _lacks(organization: Organization, movement: Movement) -> bool:
    return movement.takes and movement.amount_nanousd > _available(organization)
