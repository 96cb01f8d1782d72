"""Draws the example's video with Chromium: `python examples/lms/film.py` (needs playwright and chromium)."""

import base64
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FILE = Path(__file__).parent / "courses" / "static" / "courses" / "mitosis.webm"
SECONDS = 10
_RECORD = """async (seconds) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [320, 180];
  const pen = canvas.getContext("2d");
  const format = {mimeType: "video/webm;codecs=vp8", videoBitsPerSecond: 60000};
  const recorder = new MediaRecorder(canvas.captureStream(10), format);
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((resume) => { recorder.onstop = resume; });
  recorder.start();
  const began = performance.now();
  await new Promise((resume) => requestAnimationFrame(function draw(now) {
    const part = Math.min(1, (now - began) / 1000 / seconds);
    pen.fillStyle = "#0e2433";
    pen.fillRect(0, 0, 320, 180);
    const apart = 60 * Math.max(0, part - 0.3);
    for (const side of [-1, 1]) {
      pen.fillStyle = "#7fd1ae";
      pen.beginPath();
      pen.ellipse(160 + side * apart, 90, 48 - apart / 4, 52, 0, 0, 7);
      pen.fill();
      pen.fillStyle = "#1f5f8b";
      pen.beginPath();
      pen.arc(160 + side * Math.max(apart, part * 20), 90, 14, 0, 7);
      pen.fill();
    }
    pen.fillStyle = "#e7ebf0";
    pen.fillRect(0, 174, 320 * part, 6);
    if (part < 1) requestAnimationFrame(draw); else resume();
  }));
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def record() -> bytes:
    """The film as the browser recorded it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto("about:blank")
        text: str = page.evaluate(_RECORD, SECONDS)
        browser.close()
    return base64.b64decode(text)


if __name__ == "__main__":
    FILE.write_bytes(record())
