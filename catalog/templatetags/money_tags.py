"""Numbers as people read them: amounts, prices, tokens, durations, public ids."""

from uuid import UUID

from django import template

from clod_site.lib import ids, money

register = template.Library()


@register.filter
def usd(nanousd: int | None) -> str:
    """``{{ nanousd|usd }}``: $1.23, $0.0000123; nothing for None."""
    return "" if nanousd is None else money.format_usd(nanousd)


@register.filter
def usd_exact(nanousd: int) -> str:
    """Every digit there is, for titles and tooltips."""
    return f"${money.as_text(nanousd)}" if nanousd >= 0 else f"−${money.as_text(-nanousd)}"


@register.filter
def usd_signed(nanousd: int) -> str:
    """A movement of a statement: +$5.00, −$0.0000123."""
    return f"+{money.format_usd(nanousd)}" if nanousd > 0 else money.format_usd(nanousd)


@register.filter
def price_per_mtok(nanousd: int | None) -> str:
    """A price per million tokens with the digits that tell prices apart: $0.0892, $2.50, $15."""
    if nanousd is None:
        return "–"
    text = money.as_text(nanousd)
    whole, _, decimals = text.partition(".")
    return f"${whole}.{decimals.ljust(2, '0')}"


@register.filter
def milliseconds(ms: int | None) -> str:
    """842 ms, 1.24 s, 2 min 5 s; a dash for None."""
    if ms is None:
        return "–"
    if ms < 1000:
        return f"{ms} ms"
    return f"{ms / 1000:.2f} s" if ms < 60_000 else f"{ms // 60_000} min {ms % 60_000 // 1000} s"


@register.filter
def compact(number: int) -> str:
    """A count in three digits: 842, 13.1K, 2.05M."""
    for size, letter in ((1_000_000_000, "B"), (1_000_000, "M"), (1000, "K")):
        if number >= size:
            return f"{float(f'{number / size:.3g}'):g}{letter}"
    return str(number)


@register.filter
def context_size(tokens: int) -> str:
    """A context window in whole thousands: 2K, 131K, 1.05M."""
    return f"{round(tokens / 1000)}K" if 1000 <= tokens < 1_000_000 else compact(tokens)


@register.filter
def percent(share: float | None) -> str:
    """0.0123 as 1.2 %; a dash for None."""
    return "–" if share is None else f"{share * 100:.1f} %".replace(".0 %", " %")


@register.filter
def uptime(share: float) -> str:
    """99.9 %: rounded down, so that 100 % is said only where nothing failed."""
    return f"{int(share * 1000) / 10:g} %"


@register.filter
def watt_hours(wh: float | None) -> str:
    """Energy in three digits: 0.0333 Wh; a dash where no figure is known."""
    return "–" if wh is None else f"{float(f'{wh:.3g}'):g} Wh"


@register.filter
def basis_points(points: int) -> str:
    """A fee: 500 as 5 %."""
    return f"{points / 100:g} %"


@register.filter
def times(ppm: int) -> str:
    """A multiplier in millionths as people write it: ×0.922."""
    return f"×{ppm / 1_000_000:.3f}"


@register.filter
def usd_per_mwh(microusd: int | None) -> str:
    """Electricity: $31.40/MWh, −$3.00/MWh."""
    if microusd is None:
        return "–"
    return f"{'−' if microusd < 0 else ''}${abs(microusd) / 1_000_000:,.2f}/MWh"


@register.filter
def public_id(value: UUID, prefix: str) -> str:
    """``{{ request.id|public_id:"req" }}``."""
    return ids.public(prefix, value)


@register.filter
def magnitude(number: float) -> float:
    """Without its sign, which an arrow and a word beside it tell."""
    return abs(number)


@register.filter
def short(number: float) -> str:
    """Three digits, as beside a chart's axis: 0.0113, 63.4, 109."""
    return f"{float(f'{number:.3g}'):g}"


@register.filter
def usd_number(dollars: float | str | None) -> str:
    """A price that is a plain number of dollars, as charts and logs have them; a dash where there is none."""
    return price_per_mtok(money.usd(f"{dollars:.6f}")) if isinstance(dollars, (int, float)) else "–"
