"""The README's pictures: ``python -m benchmarks.screenshots`` plays a short conversation and photographs the phones.

It starts a demonstration of its own in a folder that it throws away, or looks at a running one (``--url``).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
DESK = (1440, 900)
PHONE = (390, 844)


class Scene(NamedTuple):
    """One person's part."""

    place: int
    """Which phone, counted along the desk."""
    lines: Sequence[str]


SCENES = (
    Scene(0, ("我家二十多只羊羔老拉稀，没大夫会看", "0")),
    Scene(3, ("受理 1",)),
    Scene(1, ("查 1",)),
    Scene(4, ("1", "这个我们接了，明天上午去")),
    Scene(0, ("查 1",)),
)
NOTICES_MS = 2500
"""Time for what one person said to reach the others' phones."""


class NoPictureError(Exception):
    """The pictures cannot be taken; the text says why."""


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def state(url: str) -> dict[str, Any]:
    """What the desk shows."""
    with urllib.request.urlopen(f"{url}/sim/state", timeout=5) as answer:
        shown: dict[str, Any] = json.load(answer)
        return shown


def wait_until_open(url: str, demo: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Returns when the desk answers.

    Raises:
        NoPictureError: the demonstration ended, or is not there in time.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if demo.poll() is not None:
            raise NoPictureError(f"the demonstration ended with exit code {demo.returncode}")
        with contextlib.suppress(OSError, urllib.error.URLError, ValueError):
            state(url)
            return
        time.sleep(0.2)
    raise NoPictureError(f"no desk at {url} after {seconds:g} s")


@contextlib.contextmanager
def demonstration() -> Iterator[str]:
    """A demonstration in a process of its own; gives its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bot", "demo", "--port", str(port), "--data", folder]
        demo = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "BOT_LOG__LEVEL": "WARNING"}
        )
        try:
            wait_until_open(url, demo)
            yield url
        finally:
            demo.terminate()
            try:
                demo.wait(15)
            except subprocess.TimeoutExpired:
                demo.kill()
                demo.wait()


def speak(page: Page, openid: str, words: str) -> None:
    """Types ``words`` on a phone and waits for what comes back."""
    phone = page.locator(f'.phone[data-openid="{openid}"]')
    replies = phone.locator(".row:not(.own), .note")
    heard = replies.count()
    field = phone.locator(".bar input")
    if not field.is_visible():
        phone.locator(".bar > .key").click()
    field.fill(words)
    field.press("Enter")
    replies.nth(heard).wait_for(timeout=20_000)


def play(page: Page, openid: str, scene: Scene) -> None:
    """One person's part, and time for it to reach the others."""
    for words in scene.lines:
        speak(page, openid, words)
    page.wait_for_timeout(NOTICES_MS)


def opened(browser: Browser, url: str, size: tuple[int, int]) -> Page:
    """The desk in a window of ``size``."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="light", locale="zh-CN"
    )
    page = context.new_page()
    page.goto(f"{url}/sim")
    page.wait_for_selector(".phone .bar", state="attached")
    return page


def take(url: str, folder: Path) -> list[Path]:
    """Plays the scenes and writes both pictures."""
    from playwright.sync_api import sync_playwright

    people = [phone["openid"] for phone in state(url)["phones"]]
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [folder / "sim-desk.png", folder / "sim-phone.png"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        desk = opened(browser, url, DESK)
        for scene in SCENES:
            play(desk, people[scene.place], scene)
        # Both pictures are of a desk as one finds it: menus below, nothing half typed, chats at their end.
        for picture, size in zip(pictures, (DESK, PHONE), strict=True):
            page = opened(browser, url, size)
            page.wait_for_selector(".phone .bubble")
            page.evaluate("document.fonts.ready")
            page.wait_for_timeout(500)
            page.screenshot(path=str(picture))
        browser.close()
    return pictures


def main(arguments: Sequence[str] | None = None) -> int:
    """Takes the pictures; 1 with the reason if they cannot be taken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__)
    parser.add_argument("--url", help="address of a running demonstration (default: starts one)")
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder for the pictures")
    chosen = parser.parse_args(arguments)
    try:
        with contextlib.nullcontext(chosen.url) if chosen.url else demonstration() as url:
            for picture in take(url, chosen.out):
                print(picture)
    except NoPictureError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
