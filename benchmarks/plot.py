"""Seconds over passages, both logarithmic, as SVG: how what is measured grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

_COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2")
_SMALLEST, _GREATEST = 3, 6  # powers of ten: passages
_FASTEST, _SLOWEST = -3, 2  # seconds


def draw(lines: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Draw a line for each label through its points (passages, seconds)."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 380" font-family="sans-serif" '
        'font-size="12"><rect width="760" height="380" fill="white"/>'
    ]
    parts.extend(
        f'<path d="M70 {_y(10.0**power):.0f}H460" stroke="#ddd"/>'
        f'<text x="62" y="{_y(10.0**power) + 4:.0f}" text-anchor="end">{10.0**power:g} s</text>'
        for power in range(_FASTEST, _SLOWEST + 1)
    )
    parts.extend(
        f'<path d="M{_x(10**power):.0f} 330V55" stroke="#ddd"/>'
        f'<text x="{_x(10**power):.0f}" y="348" text-anchor="middle">{10**power:,}</text>'
        for power in range(_SMALLEST, _GREATEST + 1)
    )
    parts.append('<text x="265" y="368" text-anchor="middle">passages</text>')
    for row, ((label, points), colour) in enumerate(zip(lines.items(), _COLOURS, strict=False)):
        places = [(_x(size), _y(seconds)) for size, seconds in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.extend(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places
        )
        parts.append(f'<text x="480" y="{80 + 22 * row}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(passages: float) -> float:
    return float(70 + 130 * (np.log10(passages) - _SMALLEST))


def _y(seconds: float) -> float:
    return float(330 - 55 * (np.log10(seconds) - _FASTEST))
