"""Colours, words, marker shapes and fonts: everything that a chart or a page looks like, in one place.

Status is never told by colour alone. Each status has a word, a glyph for text and a marker symbol for charts:

>>> STATUS["alert"].glyph, STATUS["alert"].word, STATUS["alert"].symbol
('■', 'alert', 'square')

Page builders: `st.plotly_chart(fig, theme=None, width="stretch", config=plotly_config("overview"))`; the mode of
the reader's browser is `st.context.theme.type` ("light", "dark" or None before the first message: take "light").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

# Source Sans ships inside Streamlit; Arial and Liberation Sans have the same widths, so that an exported picture
# (which cannot see Streamlit's web font) keeps the layout. Nothing is fetched.
FONT = "'Source Sans', 'Source Sans Pro', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"


@dataclass(frozen=True)
class Status:
    """How one status is said: a word, a glyph for running text, a plotly marker symbol."""

    word: str
    glyph: str
    symbol: str


STATUS: dict[str, Status] = {
    "ok": Status("ok", "●", "circle"),
    "watch": Status("watch", "◆", "diamond"),
    "alert": Status("alert", "■", "square"),
    "silenced": Status("silenced", "○", "circle-open"),
}


def status(value: object, default: str = "ok") -> str:
    """A severity as it came from a frame, if it is one of ours; else the default."""
    return value if isinstance(value, str) and value in STATUS else default


@dataclass(frozen=True)
class Palette:
    """The colours of one mode. `ok`, `watch` and `alert` are the same in both: only outlines and text differ.

    Attributes
    ----------
    paper, ink, muted, faint, grid : background, text, secondary text, decoration, grid lines
    watch_line, alert_line : outlines that keep the fills visible (3:1) on this background
    alert_text, watch_text : the status colours made readable (4.5:1) as text on this background
    quiet : ok, thinned towards the background, for cells and bars that should not shout
    bar : bars of counts, quiet ones
    reference : shade behind windows of the reference
    band : quiet range; interval : shade of a 95% interval
    first, second, third, fourth : series colours, apart in lightness so that they survive greyscale
    baseline : the colour of whatever belongs to the reference
    scale : six colours from nothing to much, for shares in a map
    """

    paper: str
    ink: str
    muted: str
    faint: str
    grid: str
    watch_line: str
    alert_line: str
    alert_text: str
    watch_text: str
    quiet: str
    bar: str
    reference: str
    band: str
    first: str
    second: str
    third: str
    fourth: str
    baseline: str
    scale: tuple[str, ...]
    ok: str = "#56789A"
    watch: str = "#E6A817"
    alert: str = "#A50026"

    def fill(self, status: str) -> str:
        """Fill of a marker: the status colour."""
        return {"ok": self.ok, "watch": self.watch, "alert": self.alert}.get(status, self.muted)

    def line(self, status: str) -> str:
        """Outline of a marker."""
        return {"watch": self.watch_line, "alert": self.alert_line}.get(status, self.paper)

    def text(self, status: str) -> str:
        """Colour of the word that says the status."""
        return {"watch": self.watch_text, "alert": self.alert_text}.get(status, self.muted)


LIGHT = Palette(
    paper="#FFFFFF",
    ink="#1B2430",
    muted="#566272",
    faint="#9AA5B1",
    grid="#E6EAEE",
    watch_line="#7A5600",
    alert_line="#6B0018",
    alert_text="#A50026",
    watch_text="#7A5600",
    quiet="#D5DEE7",
    bar="#9FB4C8",
    reference="#F1F3F6",
    band="rgba(86,120,154,0.16)",
    first="#17406B",
    second="#1C8C8C",
    third="#8C5FA8",
    fourth="#C98BB9",
    baseline="#8893A0",
    scale=("#F1F3F6", "#CFDCE8", "#A3BDD6", "#6F98BF", "#3F6B97", "#12304F"),
)

DARK = Palette(
    paper="#12171E",
    ink="#E9EDF2",
    muted="#A9B4C0",
    faint="#66717E",
    grid="#2A323C",
    watch_line="#FFE3A0",
    alert_line="#FFC2C9",
    alert_text="#FF96A3",
    watch_text="#F3C55B",
    quiet="#2C3947",
    bar="#4A6580",
    reference="#1B222B",
    band="rgba(132,167,201,0.20)",
    first="#8DBBEA",
    second="#4CC7BE",
    third="#C69BE0",
    fourth="#8A6A9C",
    baseline="#8793A1",
    scale=("#1B222B", "#26405C", "#37608A", "#5688B8", "#8DB8E0", "#E2EFFC"),
)

_PALETTES = {"light": LIGHT, "dark": DARK}


def palette(mode: str) -> Palette:
    """The palette of a mode.

    Raises
    ------
    ValueError
        When `mode` is neither "light" nor "dark".
    """
    if mode not in _PALETTES:
        raise ValueError(f'mode must be "light" or "dark", not {mode!r}')
    return _PALETTES[mode]


def alpha(colour: str, opacity: float) -> str:
    """`#RRGGBB` with an opacity, as plotly wants it.

    >>> alpha("#56789A", 0.25)
    'rgba(86,120,154,0.25)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


@lru_cache(maxsize=2)
def template(mode: str) -> go.layout.Template:
    """The plotly template of a mode: fonts, axes, hover labels; opaque background, so that a pasted chart is whole."""
    p = palette(mode)
    axis: dict[str, Any] = {
        "gridcolor": p.grid,
        "gridwidth": 1,
        "linecolor": p.faint,
        "showline": False,
        "ticks": "",
        "tickcolor": p.faint,
        "tickfont": {"size": 13, "color": p.muted},
        "title": {"font": {"size": 13, "color": p.muted}},
        "zeroline": False,
        "automargin": False,
        "fixedrange": False,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 14, "color": p.ink},
            "paper_bgcolor": p.paper,
            "plot_bgcolor": p.paper,
            "colorway": [p.first, p.second, p.third, p.fourth, p.baseline],
            "title": {"font": {"size": 20, "color": p.ink}},
            "xaxis": {**axis, "showgrid": False, "showline": True, "ticks": "outside", "ticklen": 4},
            "yaxis": axis,
            "legend": {"font": {"size": 13, "color": p.ink}, "bgcolor": "rgba(0,0,0,0)", "itemsizing": "trace"},
            "hoverlabel": {
                "bgcolor": p.reference,
                "bordercolor": p.faint,
                "font": {"family": FONT, "size": 13, "color": p.ink},
                "align": "left",
                "namelength": -1,
            },
            "hovermode": "closest",
            "dragmode": False,
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": p.faint, "activecolor": p.ink},
        }
    )


def plotly_config(name: str) -> dict[str, Any]:
    """The `config` of `st.plotly_chart`: no logo, and a camera button that saves `name` sharp enough for a slide."""
    return {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
        "toImageButtonOptions": {"format": "png", "filename": f"driftmeter-{name}", "scale": 2},
    }
