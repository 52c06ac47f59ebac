# SPDX-License-Identifier: MIT
"""picture.py - bars as SVG, readable on light and on dark ground; no library."""
import math
from xml.sax.saxutils import escape

COLOURS = {"bare": ("#8b949e", "#8b949e"), "peer": ("#bc6c25", "#e0a070"), "HTTP/1.1": ("#1f6feb", "#58a6ff"),
           "TLS": ("#1a7f37", "#3fb950"), "HTTP/2": ("#8250df", "#bc8cff")}
NAMES = {"bare": "bare loop", "peer": "the original"}
LEFT, WIDE, HIGH, GAP = 170, 460, 18, 14


def style():
    light = "".join(f".c{i}{{fill:{c[0]}}}" for i, c in enumerate(COLOURS.values()))
    dark = "".join(f".c{i}{{fill:{c[1]}}}" for i, c in enumerate(COLOURS.values()))
    return (f"<style>text{{font:12px sans-serif;fill:#1f2328}}.t{{font-weight:bold}}{light}"
            f"@media (prefers-color-scheme:dark){{text{{fill:#e6edf3}}{dark}}}</style>")


def bars(title, groups, said, logarithmic=False):
    """`groups`: [(label, [(who, value)])]; `said` writes a value down."""
    most = max(value for _, row in groups for _, value in row)
    size = lambda v: WIDE * (math.log10(1 + v) / math.log10(1 + most) if logarithmic else v / most)
    whos = list(dict.fromkeys(who for _, row in groups for who, _ in row))
    out, y = [f'<text class="t" x="10" y="20">{escape(title)}</text>'], 52
    for i, who in enumerate(whos):
        x = LEFT + 100 * i
        out.append(f'<rect class="c{list(COLOURS).index(who)}" x="{x}" y="30" width="12" height="12"/><text x="{x + 17}" y="41">{NAMES.get(who, who)}</text>')
    for label, row in groups:
        out.append(f'<text x="{LEFT - 8}" y="{y + HIGH * len(row) / 2 + 4:.0f}" text-anchor="end">{escape(label)}</text>')
        for who, value in row:
            out.append(f'<rect class="c{list(COLOURS).index(who)}" x="{LEFT}" y="{y + 1}" width="{max(size(value), 1):.0f}" height="{HIGH - 3}"/>'
                       f'<text x="{LEFT + size(value) + 6:.0f}" y="{y + 13}">{said(value)}</text>')
            y += HIGH
        y += GAP
    wide = LEFT + WIDE + 80
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {y}" width="{wide}" height="{y}" role="img" aria-label="{escape(title)}">'
            + style() + "\n".join(out) + "</svg>\n")
