"""A kept result of ``make bench`` as a picture: ``python -m benchmarks.load.plot benchmarks/results/DATE.json > docs/images/bench.svg``;
names after the file leave out all others, such as those that take a hundred times as much.

Bars of medians, each row of them with a scale of its own; a thin line from the least to the most of all runs.
"""

import json
import statistics
import sys
from html import escape
from pathlib import Path
from typing import Any

FIGURES = {  # figure: heading, what it is multiplied by, decimals
    "cpu": ("CPU of a call, µs", 1e6, 0),
    "p50": ("a call alone, p50 ms", 1e3, 2),
    "rps": ("calls a second", 1, 0),
    "stream_cpu": ("CPU of a stream of 20 pieces, µs", 1e6, 0),
    "chunk_cpu": ("CPU of a paced piece, µs", 1e6, 0),
}
WIDTH, LABEL, NUMBER, LINE, GAP = 760, 170, 80, 22, 34
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#57606a}.h{font-weight:600;fill:#24292f}.b{fill:#2f6feb}.r{stroke:#24292f;stroke-width:1}"
    "@media(prefers-color-scheme:dark){text{fill:#9da7b3}.h{fill:#e6edf3}.b{fill:#6ea0ff}.r{stroke:#e6edf3}}"
)


def drawn(result: dict[str, Any]) -> str:
    """The picture as SVG."""
    parts, y = [], 20
    for figure, (heading, factor, decimals) in FIGURES.items():
        rows = {name: [run[figure] * factor for run in runs] for name, runs in result["runs"].items()}
        rows = {name: values for name, values in rows.items() if any(values)}
        most = max(max(values) for values in rows.values())
        parts.append(f'<text class="h" x="0" y="{y}">{escape(heading)}</text>')
        for name, values in rows.items():
            y += LINE
            parts.append(_bar(name, values, most, decimals, y))
        y += GAP
    told = escape(f"{result['machine']} {len(next(iter(result['runs'].values())))} runs.")
    parts.append(f'<text x="0" y="{y}">{told}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 10}" role="img"><style>{STYLE}</style>{"".join(parts)}</svg>\n'
    )


def _bar(name: str, values: list[float], most: float, decimals: int, y: int) -> str:
    def x(value: float) -> float:
        return LABEL + value / most * (WIDTH - LABEL - NUMBER)

    median = statistics.median(values)
    return (
        f'<text x="0" y="{y}">{escape(name)}</text>'
        f'<rect class="b" x="{LABEL}" y="{y - 11}" width="{max(x(median) - LABEL, 1):.1f}" height="13" rx="2"/>'
        f'<path class="r" d="M{x(min(values)):.1f} {y - 4.5}H{x(max(values)):.1f}"/>'
        f'<text x="{x(max(values)) + 6:.1f}" y="{y}">{median:,.{decimals}f}</text>'
    )


if __name__ == "__main__":
    _, file, *names = sys.argv
    result = json.loads(Path(file).read_text())
    result["runs"] = {name: runs for name, runs in result["runs"].items() if name in names or not names}
    sys.stdout.write(drawn(result))
