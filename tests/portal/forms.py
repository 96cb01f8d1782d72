"""The portal's forms, sent without a browser."""

import re

import httpx

from footfall.demo.portal import DemoPortal

PASSWORD = "a long walk in the woods"
_TOKEN = re.compile(r'name="form_token" value="(\w+)"')
_LETTER = re.compile(r'data-to="([^"]*)"(.*?)</article>', re.DOTALL)
_CODE = re.compile(r'class="code">(\d{6})<')


def client(house: DemoPortal) -> httpx.Client:
    """Somebody who keeps cookies."""
    return httpx.Client(base_url=house.url, trust_env=False, timeout=30)


def token(person: httpx.Client) -> str:
    """What the visit's forms carry."""
    found = _TOKEN.search(person.get("/login").text) or _TOKEN.search(person.get("/profile").text)
    assert found is not None
    return found[1]


def send(person: httpx.Client, path: str, **form: str) -> httpx.Response:
    """Send a form, as one of the portal's pages does."""
    return person.post(path, data=form | {"form_token": token(person)})


def captcha(house: DemoPortal) -> str:
    """What a captcha gives a person's page."""
    return httpx.post(f"{house.inbox_url}/captcha/token", trust_env=False).text


def begin(person: httpx.Client, house: DemoPortal, contact: str, captcha_token: str = "") -> httpx.Response:
    """Fill in the form to sign up."""
    said = {"name": "Ada Lovelace", "contact": contact, "contact_type": "email", "password": PASSWORD}
    return send(person, "/signup", **said, **{"g-recaptcha-response": captcha_token or captcha(house)})


def letters(house: DemoPortal, contact: str) -> list[str]:
    """What arrived for somebody, newest first, as HTML."""
    to = contact if "@" in contact else f"{contact.lstrip('+')}@sms.academy.example"
    found = _LETTER.findall(httpx.get(house.inbox_url, trust_env=False).text)
    return [letter for name, letter in found if name == to]


def code(house: DemoPortal, contact: str) -> str:
    """The newest code that arrived for somebody."""
    found = _CODE.search(letters(house, contact)[0])
    assert found is not None
    return found[1]


def join(person: httpx.Client, house: DemoPortal, contact: str) -> None:
    """Make an account; the person is then logged in."""
    assert begin(person, house, contact).headers["location"] == "/sign-up"
    assert send(person, "/sign-up", code=code(house, contact)).headers["location"] == "/?said=welcome"
