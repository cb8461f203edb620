"""Small charts as SVG, drawn on the server: two rows of bars with a scale. No script, no inline style; shape tells as much as colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape as e
from typing import Final

from django.utils.safestring import SafeString

WIDTH: Final = 760
HEIGHT: Final = 230
LEFT: Final = 34
BOTTOM: Final = 28
TOP: Final = 12


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures. `css` names its look: filed (solid) or closed (hollow)."""

    title: str
    css: str
    values: Sequence[int]


def bars(title: str, labels: Sequence[str], series: Sequence[Series], now: int | None = None) -> SafeString:
    """Bars of all series side by side for each label ("" = a label not written). `now` is the place of the present."""
    most = scale(max((value for one in series for value in one.values), default=0))
    step = (WIDTH - LEFT) / max(len(labels), 1)
    thick = min(step * 0.8 / max(len(series), 1), 26)
    floor, high = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    said = "，".join(f"{one.title} {sum(one.values)} 件" for one in series)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{e(title)}：{e(said)}">',
    ]
    for value in sorted({0, most // 2 if most > 1 else 0, most}):
        y = floor - high * value / most
        parts.append(f'<line class="chart-line" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}"/>')
        parts.append(f'<text class="chart-scale" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    if now is not None:
        parts.append(f'<rect class="chart-now" x="{LEFT + step * now:.1f}" y="{TOP}" width="{step:.1f}" height="{high}"/>')
    for place, label in enumerate(labels):
        middle = LEFT + step * (place + 0.5)
        if label:
            parts.append(f'<text class="chart-label" x="{middle:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{e(label)}</text>')
        for at, one in enumerate(series):
            value = one.values[place] if place < len(one.values) else 0
            if value:
                tall = max(high * value / most, 2)
                x = middle + (at - len(series) / 2) * thick
                parts.append(
                    f'<rect class="chart-bar chart-{one.css}" x="{x + 1:.1f}" y="{floor - tall:.1f}" width="{max(thick - 2, 1):.1f}"'
                    f' height="{tall:.1f}" rx="2"><title>{e(label or str(place))} {e(one.title)} {value} 件</title></rect>'
                )
    parts.append("</svg>")
    return SafeString("".join(parts))


def scale(most: int) -> int:
    """A round top for the scale, never below 4: a quiet day does not look like a storm."""
    power = 1
    while True:
        for top in (4, 10, 20):  # 4, 10, 20, 40, 100, 200, 400, …: the half is whole too
            if top * power >= most:
                return top * power
        power *= 10
