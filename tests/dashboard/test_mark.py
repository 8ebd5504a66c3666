"""The name is inside of its picture, whatever font draws it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from dashboard.mark import mark, wordmark


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_whole_name_fits(mode: str) -> None:
    picture = ET.fromstring(wordmark(mode))
    (name,) = picture.iter("text")
    assert name.text == "Driftmeter"
    assert float(name.get("x", 0)) + float(name.get("textLength", "inf")) < float(picture.get("width", 0))
    assert name.get("lengthAdjust") == "spacingAndGlyphs"
    assert len(ET.fromstring(mark(mode))) == len(picture) - 1
