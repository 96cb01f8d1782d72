"""The home page, and a lesson: a video and a quiz. The page tells what is learnt (static/lesson.js)."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.enums import MediaType
from msgspec import Struct

from portal.desk import Desk, Form, Page
from portal.threaded import threaded


class Question(Struct, frozen=True):
    """A question with its choices, by their keys, and the right one's key."""

    id: str
    title: str
    choices: dict[str, str]
    right: str


QUESTIONS = (
    Question(
        "do_mitosis_q1",
        "What does one cell become when it divides?",
        {"a": "One larger cell", "b": "Two cells", "c": "Four cells"},
        "b",
    ),
    Question(
        "do_mitosis_q2",
        "What is shared out before the cell parts?",
        {"a": "Its nucleus", "b": "Its wall", "c": "Nothing at all"},
        "a",
    ),
)
CONTENT = {"id": "do_mitosis", "type": "Content", "ver": "1.0"}


@get("/")
@threaded
def home(desk: Desk, said: str = "") -> Page:
    """The way in, or what there is to learn."""
    return desk.page("home.html", said=said)


@get("/lesson")
@threaded
def show(desk: Desk) -> Page:
    """The lesson, for those who are logged in."""
    return _page(desk, {}) if desk.account else desk.go("/login")


@post("/lesson", status_code=200)
@threaded
def answer(desk: Desk, form: Form, request: Request[Any, Any, Any]) -> Response[Any]:
    """Mark the answers: as a page, or as JSON for the page's script."""
    if desk.account is None:
        return desk.go("/login")
    given = {question.id: form.get(question.id, "") for question in QUESTIONS}
    if "application/json" in request.headers.get("accept", ""):
        return Response({"marks": [_mark(question, given) for question in QUESTIONS]}, media_type=MediaType.JSON)
    return _page(desk, given)


def _mark(question: Question, given: dict[str, str]) -> dict[str, Any]:
    answer = given[question.id]
    return {"id": question.id, "title": question.title, "answer": answer, "pass": answer == question.right}


def _page(desk: Desk, given: dict[str, str]) -> Page:
    right = sum(given.get(question.id) == question.right for question in QUESTIONS)
    return desk.page("lesson.html", content=CONTENT, questions=QUESTIONS, given=given, right=right)
