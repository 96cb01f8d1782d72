"""Takes the README's screenshot of the demo: `make screenshot`."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

_TARGET = Path(__file__).with_name("dashboard.png")
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
_EVENTS = 500_000
_PATIENCE_S = 90


def main() -> None:
    """Start a demo in a folder of its own, wait for its history, and photograph the page."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "footfall", "demo", "--data", folder, "--port", "0"]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert demo.stdout is not None
            url = demo.stdout.readline().split()[-1]
            _wait_for_history(url)
            _photograph(url)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()


def _wait_for_history(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        answer = httpx.get(f"{url}/api/totals", params={"range": "30d"})
        if answer.is_success and answer.json()["total"]["now"] > _EVENTS:
            return
        time.sleep(0.5)
    raise SystemExit("the demo's history did not arrive")


def _photograph(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1100})
        page.goto(f"{url}/?range=14d")
        page.wait_for_selector(".u-over, canvas")
        page.wait_for_load_state("load")
        page.wait_for_timeout(2500)
        page.screenshot(path=_TARGET)
        browser.close()


if __name__ == "__main__":
    main()
