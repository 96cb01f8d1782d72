"""Templates, and what every page is told for its telemetry."""

import time
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.settings import Settings, origin
from portal.telemetry import PRODUCER

HERE = Path(__file__).parent

SAID = {
    "denied": "You did not let us know who you are at Google. Nothing was stored.",
    "out": "You are logged out.",
    "saved": "Your profile is saved.",
    "password": "Your password is changed.",
    "deleted": "Your account and all that we knew of you are deleted.",
    "deactivated": "Your account is deactivated. Log in whenever you want it back.",
    "reactivated": "Welcome back. Your account is active again.",
    "welcome": "Welcome. Your account is made.",
    "over": "That sign-up is over. Please start again.",
    "google": "Sign-in with Google is not set up here.",
}


class Pages:
    """Shows templates of a folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        loader = FileSystemLoader(HERE / "templates")
        self._templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        self._templates.globals["settings"] = settings
        self._templates.globals["told"] = self._told

    def show(self, template: str, **values: Any) -> str:
        """A page's text."""
        values = {"account": None, "visit": None, "form_token": "", "said": ""} | values
        values["said"] = SAID.get(values["said"], "")
        return self._templates.get_template(template).render(values)

    def _told(self, visit: Any, account: Any, **more: Any) -> dict[str, Any]:
        """What a page needs to tell its events."""
        return {
            "now": time.time_ns() // 1_000_000,
            "footfall": origin(self._settings.footfall),
            "channel": self._settings.channel,
            "key": self._settings.footfall_public_key,
            "producer": {"id": PRODUCER.id, "ver": PRODUCER.ver, "pid": PRODUCER.pid},
            "sid": visit.sid,
            "did": visit.did,
            "actor": account.id if account else "",
            **more,
        }
