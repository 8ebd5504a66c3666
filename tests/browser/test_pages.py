"""Every page in a real browser: no exception, no console error, charts drawn; screenshots as the README shows them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ready

pytestmark = pytest.mark.browser

WIDE, TALL = 1400, 2700  # pixels: few pages are taller
MODELS = {"flights": "flight-delay", "search": "image-search (synthetic)"}


SHOTS = os.environ.get("DRIFTMETER_SCREENSHOTS")
"""The folder that pictures of every page go to, if they are wanted."""


def shoot(tab: Page, path: Path) -> None:
    """Save the whole page. Streamlit scrolls inside of its page, so the window must be as tall as what it holds."""
    tall = tab.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').getBoundingClientRect().height")
    if tall > (tab.viewport_size or {"height": 0})["height"]:
        tab.set_viewport_size({"width": WIDE, "height": round(tall)})
        ready(tab)
    tab.screenshot(path=path, clip={"x": 0, "y": 0, "width": WIDE, "height": max(900, tall)})


def sound(tab: Page) -> None:
    """No exception box, no error, and something drawn."""
    assert tab.locator("[data-testid=stException]").all_inner_texts() == []
    assert tab.locator("[data-testid=stAlert]").all_inner_texts() == []
    drawn = "[data-testid=stPlotlyChart] .main-svg, [data-testid=stDataFrame] canvas"
    assert tab.locator(drawn).count() > 0


@pytest.mark.parametrize("fixture", MODELS)
def test_every_page(tab: Page, url: str, fixture: str) -> None:
    tab.set_viewport_size({"width": WIDE, "height": TALL})
    tab.goto(f"{url}/?model={MODELS[fixture]}")
    ready(tab)
    links = tab.locator("[data-testid=stSidebarNavLink]")
    names = [text.split("\n")[-1].strip() for text in links.all_inner_texts()]
    pages = ["Review", "Overview", "Incidents", "Concept", "Decay", "Missing", "Feature", "Log health", "Scorecard"]
    assert names == pages
    for name in names:
        if name != names[0]:
            links.get_by_text(name, exact=True).click()
            ready(tab)
        sound(tab)
        if SHOTS:
            shoot(tab, Path(SHOTS) / f"{fixture}-{name.lower().replace(' ', '-')}.png")


def test_the_dark(tab: Page, url: str, tmp_path: Path) -> None:
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"{url}/?model={MODELS['search']}")
    ready(tab)
    sound(tab)
    paper = "getComputedStyle(document.querySelector('[data-testid=stPlotlyChart] .main-svg')).backgroundColor"
    assert tab.evaluate(paper) == "rgb(18, 23, 30)"
    picture = Path(SHOTS or tmp_path) / "search-review-dark.png"
    shoot(tab, picture)
    assert picture.stat().st_size > 50_000


def test_a_link_is_the_view(tab: Page, url: str) -> None:
    tab.goto(f"{url}/?model={MODELS['search']}&grain=week&segment=locale%3Dpt-BR&period=last+12+windows")
    ready(tab)
    tab.locator("[data-testid=stSidebarNavLink]").get_by_text("Feature", exact=True).click()
    ready(tab)
    tab.get_by_text("Windows of").wait_for()
    assert all(part in tab.url for part in ("/feature?", "grain=week", "segment=locale%3Dpt-BR", "last+12+windows"))
    values = "els => els.map(el => el.value)"
    boxes = tab.locator("[data-testid=stSelectbox] input")
    before = boxes.evaluate_all(values)
    assert before[1:3] == ["week", "as configured"]
    tab.go_back()
    ready(tab)
    assert "/feature" not in tab.url
    assert "grain=week" in tab.url
    sound(tab)


def test_a_cell_of_the_map_leads_to_its_feature(tab: Page, url: str) -> None:
    tab.goto(f"{url}/?model={MODELS['flights']}&grain=week")
    ready(tab)
    tab.locator("[data-testid=stSidebarNavLink]").get_by_text("Overview", exact=True).click()
    ready(tab)
    plot = tab.locator("[data-testid=stPlotlyChart] .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] - 12, box["y"] + 10  # the last window of the feature that broke worst
    tab.mouse.move(x, y)
    tab.wait_for_timeout(300)  # plotly looks for what is under the mouse at its leisure
    tab.mouse.click(x, y)
    tab.wait_for_url(re.compile("/feature"))
    ready(tab)
    assert "feature=AIRLINE" in tab.url
    assert "at=2015-07-27" in tab.url
    assert "grain=week" in tab.url
    sound(tab)
