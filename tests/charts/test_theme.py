"""Colours that can be told apart, and a Streamlit configuration that Streamlit knows."""

from __future__ import annotations

import doctest
import tomllib
from pathlib import Path

import pytest
from streamlit import config

import dashboard.theme
from dashboard.theme import DARK, LIGHT, STATUS, Palette, palette, plotly_config, template

SETTINGS = Path(dashboard.theme.__file__).parent / ".streamlit" / "config.toml"


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """Contrast ratio, 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_examples():
    assert doctest.testmod(dashboard.theme).failed == 0


def test_status_colours_are_those_of_the_design():
    for p in (LIGHT, DARK):
        assert (p.ok, p.watch, p.alert) == ("#56789A", "#E6A817", "#A50026")
    assert len({(s.word, s.glyph, s.symbol) for s in STATUS.values()}) == len(STATUS)
    assert len({s.symbol for s in STATUS.values()}) == len(STATUS)


@pytest.mark.parametrize("p", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_and_marks_are_visible(p: Palette):
    for colour in (p.ink, p.muted, p.alert_text, p.watch_text):
        assert contrast(colour, p.paper) >= 4.5
        assert contrast(colour, p.reference) >= 4.5
    for colour in (p.first, p.second, p.third, p.baseline, p.watch_line, p.alert_line):
        assert contrast(colour, p.paper) >= 3
    shades = [luminance(c) for c in p.scale]
    assert shades == sorted(shades, reverse=p is LIGHT)


def test_an_unknown_mode_says_what_would_do():
    with pytest.raises(ValueError, match='"light" or "dark"'):
        palette("sepia")


def test_the_template_is_opaque_and_fetches_no_font():
    for mode in ("light", "dark"):
        layout = template(mode).layout
        assert layout.paper_bgcolor == palette(mode).paper
        assert "http" not in layout.font.family


def test_a_saved_picture_is_sharp_enough_for_a_slide():
    chosen = plotly_config("decay")
    assert chosen["toImageButtonOptions"] == {"format": "png", "filename": "driftmeter-decay", "scale": 2}
    assert chosen["displaylogo"] is False


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    out: dict[str, object] = {}
    for key, value in table.items():
        out |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return out


def test_streamlit_knows_every_setting():
    settings = _flat(tomllib.loads(SETTINGS.read_text(encoding="utf-8")))
    assert set(settings) <= set(config.get_config_options())
    assert settings["browser.gatherUsageStats"] is False
    assert settings["server.headless"] is True
    assert settings["client.toolbarMode"] == "minimal"
    assert "http" not in SETTINGS.read_text(encoding="utf-8")


def test_streamlit_wears_the_charts_colours():
    settings = _flat(tomllib.loads(SETTINGS.read_text(encoding="utf-8")))
    for mode, p in (("light", LIGHT), ("dark", DARK)):
        assert settings[f"theme.{mode}.backgroundColor"] == p.paper
        assert settings[f"theme.{mode}.textColor"] == p.ink
        assert settings[f"theme.{mode}.secondaryBackgroundColor"] == p.reference
        primary = str(settings[f"theme.{mode}.primaryColor"])
        assert contrast(primary, "#FFFFFF") >= 4  # a button's label is white
        assert contrast(primary, p.paper) >= 3
        red, _, blue = (int(primary[i : i + 2], 16) for i in (1, 3, 5))
        assert blue > red, "red reads as an alarm"
