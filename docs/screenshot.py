"""Takes the README's screenshot of the demo: `make screenshot`."""

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

_TARGET = Path(__file__).with_name("dashboard.png")
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
_LIVE_MS = 8000


def main() -> None:
    """Start a demo in a folder of its own, wait for its history, and photograph the page."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "footfall", "demo", "--data", folder, "--port", "0"]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            _photograph(_address_with_history(demo))
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate()


def _address_with_history(demo: subprocess.Popen[str]) -> str:
    """Where the demo is, once its history was sent."""
    url = ""
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("footfall demo is at"):
            url = line.split()[-1]
        elif "history sent" in line:
            return url
    raise SystemExit("the demo ended early")


def _photograph(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1100})
        page.goto(f"{url}/?range=14d")
        page.get_by_text("10 other types").wait_for()
        page.wait_for_timeout(_LIVE_MS)
        page.screenshot(path=_TARGET)
        browser.close()


if __name__ == "__main__":
    main()
