"""A sheet's code before the camera: a real Chromium films frames that the test draws, and both decoders read them."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Page, expect

from relief.papers import rt1
from relief.papers.qr import Level, encode
from tests.support.chromium import FLAGS, find_chromium
from tests.support.scanning import PHONE, Point, expect_state, make_ready, open_point
from tests.support.serving import LiveServer

WIDTH, HEIGHT, FPS = 640, 480, 15
GREY = 128
THROTTLING = 6
CAMERA_FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
FIRST_DECODE_S = 0.5
TRIES = 3  # Another process may take the processor for a while: the best of so many first times counts.
# How long a picture with a code takes to its text, in the worker that does the work, unthrottled. The camera has shown
# pictures without one before: nobody holds a sheet there in the instant in which it starts.
TIME_FIRST_CODE = """
async ([decoder, wasm, size, dark]) => {
  const pictureOf = (isBlank) => {
    const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
    if (!isBlank) dark.forEach((isDark, at) => isDark && pixels.fill(0, at * 4, at * 4 + 3));
    return new ImageData(pixels, size, size);
  };
  const worker = new Worker(decoder);
  const read = (picture) => new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data.text);
    worker.postMessage({ picture });
  });
  worker.postMessage({ wasm: new URL(wasm, location.href).href });
  for (let blank = 0; blank < 4; blank++) await read(pictureOf(true));
  const picture = pictureOf(false);
  const started = performance.now();
  const text = await read(picture);
  worker.terminate();
  return [text, performance.now() - started];
}
"""


@pytest.fixture
def backend() -> str:
    """What the camera sees does not depend on the database."""
    return "sqlite"


@pytest.fixture
def point(app: Flask) -> Point:
    """A point with five families, open today."""
    return open_point(app)


def picture(text: str, level: Level = Level.Q, *, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """Return a sheet with one code in the middle, as grey values."""
    code = np.pad(encode(text, level), 4)
    code = np.kron(code, np.ones((5, 5), dtype=bool))
    sheet = np.full((height, width), 235, dtype=np.uint8)
    top, left = (height - code.shape[0]) // 2, (width - code.shape[1]) // 2
    sheet[top : top + code.shape[0], left : left + code.shape[1]][code] = 20
    return sheet


def film(path: Path, scenes: list[tuple[NDArray[np.uint8], float]]) -> Path:
    """Write a y4m of still pictures, each shown so many seconds; the browser plays it round and round."""
    height, width = scenes[0][0].shape
    chroma = bytes([GREY]) * (width * height // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for luma, seconds in scenes:
            file.write((b"FRAME\n" + luma.tobytes() + chroma) * int(seconds * FPS))
    return path


@contextlib.contextmanager
def filming(browser: Browser, path: Path, server: LiveServer) -> Iterator[BrowserContext]:
    """Start a browser whose camera plays the film: it is chosen at the start."""
    flags = [*FLAGS, *CAMERA_FLAGS, f"--use-file-for-fake-video-capture={path}"]
    started = browser.browser_type.launch(executable_path=find_chromium(), args=flags)
    with started.new_context(base_url=server.url, viewport=PHONE, permissions=["camera"], locale="en-GB") as context:
        context.set_default_timeout(15_000)
        yield context
    started.close()


def throttle(page: Page) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": THROTTLING})


@pytest.mark.parametrize("form", ["address", "compact"])
def test_a_sheet_is_read_on_a_slow_phone(
    browser: Browser, live_server: LiveServer, point: Point, tmp_path: Path, form: str
):
    compact = point.families[0].text
    text = compact if form == "compact" else rt1.to_url_text(rt1.parse_text(compact), "relief.example")
    with filming(browser, film(tmp_path / "sheet.y4m", [(picture(text), 2)]), live_server) as context:
        page = context.new_page()
        make_ready(page, point)
        throttle(page)
        page.get_by_role("button", name="Switch the camera on").click()
        expect_state(page, "give")
        page.get_by_role("button", name="Handed over").click()
        expect_state(page, "done")
        # The code lies in view all the time: the family just served is never shown as served before.
        time.sleep(2.5)
        expect_state(page, "done")
        page.get_by_role("button", name="Next family").click()
        time.sleep(1)
        expect(page.locator(".state")).to_have_count(0)


def test_the_next_family_takes_the_place_of_a_refusal(
    browser: Browser, live_server: LiveServer, point: Point, tmp_path: Path
):
    blank = np.full((HEIGHT, WIDTH), 235, dtype=np.uint8)
    scenes = [
        (picture("HTTPS://SHOP.EXAMPLE/PAY/1"), 2),
        (blank, 2.5),
        (picture(point.families[1].text), 3),
        (blank, 1),
    ]
    with filming(browser, film(tmp_path / "queue.y4m", scenes), live_server) as context:
        page = context.new_page()
        make_ready(page, point)
        page.get_by_role("button", name="Switch the camera on").click()
        expect_state(page, "not_valid")
        expect_state(page, "give")


def test_a_clear_code_is_decoded_at_once(page: Page, live_server: LiveServer, point: Point):
    page.goto("/scan")
    files = page.evaluate("() => JSON.parse(document.getElementById('config').textContent).files")
    sheet = picture(point.families[0].text, width=720, height=720)
    arguments = [files["decoder"], files["wasm"], 720, (sheet < GREY).ravel().tolist()]
    found = [page.evaluate(TIME_FIRST_CODE, arguments) for _try in range(TRIES)]
    assert {text for text, _milliseconds in found} == {point.families[0].text}
    assert min(milliseconds for _text, milliseconds in found) / 1000 * THROTTLING < FIRST_DECODE_S


def test_the_camera_is_let_go_of_when_the_page_is_left(
    browser: Browser, live_server: LiveServer, point: Point, tmp_path: Path
):
    blank = np.full((HEIGHT, WIDTH), 235, dtype=np.uint8)
    with filming(browser, film(tmp_path / "blank.y4m", [(blank, 1)]), live_server) as context:
        page = context.new_page()
        page.goto("/scan")
        make_ready(page, point)
        assert page.workers == [], "no decoder is loaded before a camera is wanted"
        page.get_by_role("button", name="Switch the camera on").click()
        video = page.locator("section.scan video")
        expect(video).to_be_visible()
        assert len(page.workers) == 1
        stream = page.evaluate_handle("() => document.querySelector('video').srcObject")
        page.locator("nav [data-go=day]").click()
        expect(page.get_by_role("heading", name="My day")).to_be_visible()
        assert not stream.evaluate("stream => stream.active")
        page.locator("nav [data-go=scan]").click()
        expect(video).to_be_visible()  # It was wanted before, so it comes back by itself.
