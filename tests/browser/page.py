"""docs/browser.md, as far as tests run it."""

import re
from pathlib import Path

BROWSER = Path(__file__).parents[2] / "browser"
PAGE = (BROWSER.parent / "docs" / "browser.md").read_text()
README = (BROWSER / "README.md").read_text()
_SERVER = "http://127.0.0.1:8400"


def example(language: str, start: str, *, page: str = PAGE) -> str:
    """The code block that begins like this."""
    found = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return next(str(block) for block in found if block.startswith(start))


def at(url: str, key: str, block: str) -> str:
    """The same for a server of the test's own, whose channel has a key."""
    return block.replace(_SERVER, url).replace('channel: "dev"', f'key: "{key}"')


def table(header: str) -> list[list[str]]:
    """The rows of the table whose first heading this is, without their backticks."""
    _, _, rest = PAGE.partition(f"| {header} | |\n|---|---|\n")
    rows = rest.partition("\n\n")[0].splitlines()
    return [re.findall(r"`([^`]+)`", row.split(" | ")[0]) for row in rows]
