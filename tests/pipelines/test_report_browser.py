"""The report in a real Chromium: what a supervisor sees and clicks."""

import pathlib
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from tables_on_disk import (
    emotion_table,
    failure_row,
    moment_row,
    recording_row,
    write_night,
    write_tables,
)

from pipelines.report import job
from tfrecords.labels import LABELS

pytestmark = pytest.mark.engine
HOSTILE = "/in/<img src=x onerror=\"document.title='gone'\">&amp;.mp4"
PERSONS = {"/in/b.mp4": 2, "/in/a.mp4": 1, "/in/c.mp4": 1, HOSTILE: 1}
MINUTE = 60_000


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Headless Chromium under Selenium."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs `pip install selenium`")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("needs a browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1280,1000"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield window
    window.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """Address of a report on four recordings; b needs attention most, then a."""
    folder = tmp_path_factory.mktemp("tables")
    times = np.arange(0, 4 * MINUTE, 500)
    emotions, recordings = [], []
    for source, persons in PERSONS.items():
        lead = "happy" if source == "/in/c.mp4" else "neutral"
        shares = np.tile([0.9 if label == lead else 0.1 / 6 for label in LABELS], (len(times), 1))
        emotions += [emotion_table(source, track, times, shares) for track in range(persons)]
        recordings.append(recording_row(source, 4 * MINUTE, np.tile(shares, (persons, 1))))
    write_tables(
        folder,
        emotions=emotions,
        recordings=recordings,
        moments=[
            moment_row("/in/b.mp4", 1, 65_000, 85_000, "angry"),
            moment_row("/in/b.mp4", 0, 3 * MINUTE, 200_000, "sad"),
            moment_row("/in/a.mp4", 0, 30_000, 50_000, "fear"),
        ],
        failures=[failure_row(HOSTILE, time_ms=95_000), failure_row("/in/d.zip", member="x.jpg")],
    )
    return _report(folder, "en")


def _report(folder: pathlib.Path, language: str) -> str:
    output = folder / f"{language}.html"
    job.main([str(folder), "--output", str(output), "--language", language])
    return output.as_uri()


@pytest.fixture
def opened(browser, page) -> Iterator:
    """The report, freshly loaded; afterwards, nothing may have been complained about or loaded."""
    browser.get(page)
    yield browser
    assert browser.get_log("browser") == []
    assert browser.execute_script("return performance.getEntriesByType('resource')") == []


def texts(browser, selector: str) -> list[str]:
    """Returns the visible texts of elements."""
    return [element.text for element in find(browser, selector) if element.is_displayed()]


def find(browser, selector: str) -> list:
    """Returns elements by CSS selector."""
    return browser.find_elements("css selector", selector)


def click(browser, selector: str, text: str = "") -> None:
    """Clicks the first element whose text or label contains `text`."""
    for element in find(browser, selector):
        if text in f"{element.text} {element.get_attribute('aria-label')}":
            browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            return element.click()
    raise AssertionError(f"no {selector} with {text!r}")


def wait(browser, condition) -> None:
    """Waits until a condition on the browser holds."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 20).until(condition)


def open_recording(browser, name: str) -> None:
    """Opens a recording and waits for its charts."""
    click(browser, ".toggle", name)
    wait(browser, lambda browser: find(browser, ".plot canvas"))


def painted(browser, colour: str) -> list[int]:
    """Returns, for each chart, how many pixels have a colour of the style sheet."""
    return browser.execute_script(
        """
        const probe = document.body.appendChild(document.createElement("i"));
        probe.style.color = `var(--${arguments[0]})`;
        const wanted = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number);
        probe.remove();
        return [...document.querySelectorAll(".plot canvas")].map((canvas) => {
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(canvas, 0, 0);
          const all = context.getImageData(0, 0, canvas.width, canvas.height).data;
          let count = 0;
          for (let at = 0; at < all.length; at += 4) {
            count += wanted.every((value, channel) => all[at + channel] === value);
          }
          return count;
        });
        """,
        colour,
    )


def prefer(browser, scheme: str) -> None:
    """Makes the screen light or dark."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


NAME = "<img src=x onerror=\"document.title='gone'\">&amp;.mp4"
BY_NEED = ["b.mp4", "a.mp4"]


def test_totals_and_failures_are_shown(opened):
    assert opened.title == "Recordings report"
    assert texts(opened, ".totals dd") == ["4", "0.3", "5", "2,400", "3", "2"]
    assert texts(opened, "#failures-summary") == ["2 inputs could not be read, whole or in part"]
    click(opened, "#failures-summary")
    assert texts(opened, "#failure-reasons li") == ["2 decoding: ImageError"]
    assert texts(opened, "#failure-rows td:first-child") == [
        f"{HOSTILE} · 01:35",
        "x.jpg in /in/d.zip",
    ]


def test_recordings_are_sorted_by_need_then_by_any_column(opened):
    assert texts(opened, ".row .name")[:2] == BY_NEED
    click(opened, "th button", "Recording")
    assert texts(opened, ".row .name") == [NAME, "a.mp4", "b.mp4", "c.mp4"]
    click(opened, "th button", "Recording")
    assert texts(opened, ".row .name") == ["c.mp4", "b.mp4", "a.mp4", NAME]
    assert [heading.text.split()[0] for heading in find(opened, "th[aria-sort=descending]")] == [
        "Recording"
    ]
    click(opened, "th button", "Faces")
    assert texts(opened, ".row .name")[0] == "b.mp4"
    click(opened, "th button", "Moments")
    assert texts(opened, ".row .name")[:2] == BY_NEED


def test_filters_narrow_the_list_and_can_be_cleared(opened):
    from selenium.webdriver.support.ui import Select

    emotion = Select(find(opened, "#emotion")[0])
    click(opened, "#with-moments")
    assert texts(opened, ".row .name") == BY_NEED
    emotion.select_by_visible_text("Fear")
    assert texts(opened, ".row .name") == ["a.mp4"]
    assert texts(opened, "#count") == ["1 of 4 recordings"]
    emotion.select_by_visible_text("Happy")
    assert texts(opened, "#none") == ["No recording matches. Clear the filters to see all."]
    click(opened, "#filters button")
    wait(opened, lambda browser: len(texts(browser, ".row .name")) == 4)
    emotion.select_by_visible_text("Happy")
    assert texts(opened, ".row .name") == ["c.mp4"]


def test_search_takes_parts_of_names(opened):
    search = find(opened, "#search")[0]
    search.send_keys("IN/ b.")
    assert texts(opened, ".row .name") == ["b.mp4"]
    search.clear()
    search.send_keys("<img")
    assert texts(opened, ".row .name") == [NAME]


def test_opened_recording_shows_each_person_over_time(opened):
    open_recording(opened, "b.mp4")
    assert [text.split(" track")[0] for text in texts(opened, ".person h3")] == [
        "Person 1",
        "Person 2",
    ]
    assert find(opened, ".toggle")[0].get_attribute("aria-expanded") == "true"
    assert "on average Neutral 90%" in find(opened, ".plot")[0].get_attribute("aria-label")
    # Nine tenths of what is drawn is neutral.
    assert min(painted(opened, "neutral")) > 10 * max(painted(opened, "happy")) > 0
    click(opened, ".toggle", "b.mp4")
    assert texts(opened, ".person") == []


def test_click_on_a_moment_shows_its_time(opened):
    open_recording(opened, "b.mp4")
    assert texts(opened, ".answer") == ["Choose a moment to see its time."]
    click(opened, ".chip", "01:05")
    assert texts(opened, ".answer") == [
        "Person 2, 01:05 to 01:25 (00:20): Angry, 62% on average, 91% at its peak."
    ]
    click(opened, ".lane .mark", "03:00 Sad, Person 1")
    assert texts(opened, ".answer") == [
        "Person 1, 03:00 to 03:20 (00:20): Sad, 62% on average, 91% at its peak."
    ]
    pressed = find(opened, "[aria-pressed=true]")
    assert [button.get_attribute("aria-label") for button in pressed] == ["03:00 Sad, Person 1"] * 2


def test_pointer_over_a_chart_tells_what_is_under_it(opened):
    from selenium.webdriver import ActionChains

    open_recording(opened, "a.mp4")
    ActionChains(opened).move_to_element(find(opened, ".u-over")[0]).perform()
    wait(opened, lambda browser: texts(browser, ".readout") != [""])
    assert texts(opened, ".readout")[0].startswith(("01:59 · Neutral 90%", "02:00 · Neutral 90%"))


def test_names_are_text_and_nothing_else(opened):
    open_recording(opened, NAME)
    assert texts(opened, ".facts") == [f"{HOSTILE} · 480 frames, 480 faces"]
    assert texts(opened, ".lost li") == ["01:35 · the file ends in the middle"]
    assert find(opened, "img") == []
    assert opened.title == "Recordings report"


def test_charts_follow_the_screen_from_light_to_dark(opened):
    prefer(opened, "light")
    open_recording(opened, "a.mp4")
    light = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert painted(opened, "neutral")[0] > 0
    prefer(opened, "dark")
    dark = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert light != dark
    wait(opened, lambda browser: painted(browser, "neutral")[0] > 0)
    prefer(opened, "light")


def test_page_prints(opened):
    open_recording(opened, "b.mp4")
    opened.execute_script("addEventListener('afterprint', () => { window.printed = true; })")
    printed = opened.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert printed["data"].startswith("JVBERi")  # %PDF
    wait(opened, lambda browser: browser.execute_script("return window.printed"))
    widths = {plot.size["width"] for plot in find(opened, ".plot canvas")}
    assert widths == {find(opened, ".plot")[0].size["width"]}


def test_page_speaks_spanish(browser, page):
    browser.get(_report(pathlib.Path(page.removeprefix("file://")).parent, "es"))
    open_recording(browser, "b.mp4")
    click(browser, ".chip", "01:05")
    assert texts(browser, ".answer") == [
        "Persona 2, de 01:05 a 01:25 (00:20): Enfado, 62 % de media, 91 % en el punto máximo."
    ]
    assert browser.get_log("browser") == []


def test_thousand_recordings_come_page_by_page(browser, tmp_path, generator):
    write_night(tmp_path, 1000, generator, longest_s=180)
    browser.get(_report(tmp_path, "en"))
    assert texts(browser, "#count") == ["1,000 of 1,000 recordings"]
    assert len(find(browser, ".row")) == 100
    click(browser, "#more")
    assert len(find(browser, ".row")) == 200
    find(browser, "#search")[0].send_keys("call-0777")
    assert texts(browser, ".row .name") == ["call-0777.mp4"]
    assert browser.get_log("browser") == []
