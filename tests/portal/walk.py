"""Somebody at the portal, in a browser of their own, and what footfall knows of it afterwards."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from typer.testing import CliRunner

from footfall.cli import app
from footfall.demo.portal import DemoPortal
from tests.serving import Rows, Served, until

from . import forms
from .forms import PASSWORD

Flow = tuple[str, list[str]]
# What the documentation of the sign-in has wrong, and the subtype of its END, which V3's schema does not know.
OF_GOOGLE = {"start_end_type_mismatch", "env_page_mismatch", "misspelt_value", "unknown_field"}


class Walk:
    """One person; `complaints` are errors of scripts and breaches of the pages' policy."""

    def __init__(self, context: BrowserContext, house: DemoPortal, footfall: Served, folder: Path) -> None:
        self.context = context
        self.house = house
        self.footfall = footfall
        self.complaints: list[str] = []
        self.page = self.tab()
        self._folder = folder
        self._sid = ""

    def tab(self) -> Page:
        """Another tab."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        return page

    def open(self, path: str) -> None:
        """Go to one of the portal's pages."""
        self.page.goto(self.house.url + path)

    def press(self, name: str) -> None:
        """Press a button, and wait for the page behind it."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()

    def see(self, text: str) -> None:
        """There is a text on the page."""
        expect(self.page.locator("main")).to_contain_text(text, timeout=15_000)

    def fill_in(self, contact: str, name: str = "Ada Lovelace", *, robot: bool = False) -> None:
        """Fill in the form and send it."""
        if "@" not in contact:
            self.page.get_by_label("Text message").check()
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_label("Mail address or phone number").fill(contact)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("look like a robot").set_checked(robot)
        self.press("Sign up")

    def enter(self, code: str) -> None:
        """Fill in the code and send it."""
        self.page.get_by_label("The code").fill(code)
        self.press("Confirm")

    def join(self, contact: str) -> None:
        """Make an account, without a browser, and be logged in with it."""
        with forms.client(self.house) as person:
            forms.join(person, self.house, contact)
            self.context.add_cookies(
                [{"name": name, "value": value, "url": self.house.url} for name, value in person.cookies.items()]
            )
        self.open("/")
        assert self.sid

    def log_in(self, contact: str, password: str = PASSWORD) -> None:
        """Log in, or try to."""
        self.open("/login")
        self.page.get_by_label("Mail address or phone number").fill(contact)
        self.page.get_by_label("Password").fill(password)
        self.press("Log in")

    def to_google(self) -> None:
        """To the provider's page."""
        self.open("/login")
        self.press("Continue with Google")

    def be(self, name: str, email: str, *, verified: bool = True) -> None:
        """Be somebody whom the provider does not know yet, and approve."""
        self.page.get_by_label("Somebody else").check()
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("Mail address", exact=True).fill(email)
        self.page.get_by_label("Google knows").set_checked(verified)
        self.press("Approve")

    @property
    def sid(self) -> str:
        """The visit, as events say it."""
        if not self._sid:
            self._sid = json.loads(self.page.locator("#told").text_content() or "{}")["sid"]
        return self._sid

    def wait(self, sql: str, predicate: Callable[[Rows], bool]) -> Rows:
        """Ask the lake until the rows are as wanted, in no hurry: every question costs as much as a page."""
        rows: Rows = []

        def asked() -> bool:
            nonlocal rows
            rows = self.footfall.query(sql)
            return predicate(rows)

        try:
            until(asked, 40, check=lambda: self.page.wait_for_timeout(200))
        except AssertionError as error:
            raise AssertionError(f"{error}; the last answer to {sql!r} was {rows[:20]}") from None
        return rows

    def flows(self, plan: str, *expected: Flow) -> list[str]:
        """Wait until footfall has these flows of the visit, in the order in which they began; returns their ids."""
        rows = self.wait(
            f"SELECT id, outcome, steps, missing, out_of_order FROM flows WHERE plan = '{plan}' "
            f"AND sid = '{self._sid}' ORDER BY began_at",
            lambda rows: [(row["outcome"], row["steps"]) for row in rows] == list(expected),
        )
        for row in rows:
            assert not row["out_of_order"]
            assert not row["missing"] or row["outcome"] == "unfinished"
        return [row["id"] for row in rows]

    def check(
        self, plan: str, steps: list[str], outcome: str, warnings: Iterable[str] = (), then: Iterable[Flow] = ()
    ) -> None:
        """A flow of the visit has these steps and this outcome: in footfall's table, and by `footfall check`.

        `then` are flows that began after it.
        """
        flow, *_ = self.flows(plan, (outcome, steps), *then)
        file, flows = self._folder / "events.ndjson", self._folder / "flows.json"
        file.write_text("".join(f"{text}\n" for text in self.events() if flow in text))
        command = ["check", "--plan", plan, "--format", "json", "--flows", str(flows), "--allow-warnings", str(file)]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        assert [(flow["outcome"], flow["steps"]) for flow in json.loads(flows.read_text())] == [(outcome, steps)]
        found = {finding["code"] for event in json.loads(done.stdout) for finding in event["findings"]}
        assert found == set(warnings), found

    def events(self) -> list[str]:
        """The visit's events."""
        rows = self.footfall.query(f"SELECT event FROM events WHERE sid = '{self._sid}' ORDER BY ets")
        return [row["event"] for row in rows]

    def operations(self, *types: str) -> None:
        """Wait until these are what footfall knows of the visit's operations on accounts, in this order."""
        self.wait(
            f"SELECT event_type FROM events WHERE sid = '{self._sid}' AND env = 'identity' ORDER BY ets, record, idx",
            lambda rows: [row["event_type"] for row in rows] == list(types),
        )

    def _hear(self, message: ConsoleMessage) -> None:
        # What a page is told by its status is no complaint.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


class Crowd:
    """Browsers to lend: making one costs more than a walk, so that of somebody who left is emptied and lent again."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: list[BrowserContext] = []

    @contextmanager
    def lend(self, **options: Any) -> Iterator[BrowserContext]:
        """A browser without cookies; with `options`, which are Playwright's, one that nobody else gets."""
        context = self._make(**options) if options or not self._idle else self._idle.pop()
        try:
            yield context
        finally:
            if options:
                context.close()
            else:
                for page in context.pages:
                    page.close()
                context.clear_cookies()
                self._idle.append(context)

    def _make(self, **options: Any) -> BrowserContext:
        context = self._browser.new_context(viewport={"width": 1100, "height": 900}, locale="en-GB", **options)
        context.set_default_timeout(30_000)
        return context


@contextmanager
def walking(crowd: Crowd, house: DemoPortal, footfall: Served, folder: Path, **options: Any) -> Iterator[Walk]:
    """A person; nothing may have been complained about."""
    with crowd.lend(**options) as context:
        walk = Walk(context, house, footfall, folder)
        yield walk
        assert walk.complaints == []
