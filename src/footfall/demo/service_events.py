"""What happens where learners do not see it: a teacher makes content, a service answers and reports its figures."""

from collections.abc import Callable
from typing import Any

from msgspec import Raw

from footfall.demo.catalogue import APIS, COURSES, EDITOR, PORTAL, SEARCH_API, SEARCHES, SERVICES
from footfall.demo.event import Actor, Correlation, Thing
from footfall.demo.hosts import Hosts
from footfall.demo.visit import Visit

PLATFORM = Actor("learner-service", "System")


def edit_content(visit: Visit, hosts: Hosts) -> None:
    """A teacher signs in, makes a piece of content or opens an old one, works on it, and may send it to review.

    Portal, editor and platform each tell their part; what holds them together is the session.
    """
    session = Correlation("session", visit.sid)
    content = Thing(f"do_{visit.fresh()[:12]}", "Content").raw()
    visit.enter("workspace", session)
    visit.begin("session", "workspace")
    visit.see("workspace", "/workspace/content/create", "list")
    visit.wait(3, 30)
    if visit.happens(0.7):
        visit.use("create-content", "workspace")
        _platform(visit, hosts, lambda: _audit(visit, content, ["name", "status"], "Draft", ""))
    else:
        visit.use("open-draft", "workspace")
    visit.use_app(EDITOR)
    visit.enter("editor", session, Correlation("content", "draft"))
    visit.begin("editor", "editor", "content", content)
    changes = _work(visit, hosts, content)
    visit.intend(visit.sid, "abandoned" if visit.happens(0.08) else "complete")
    if visit.intended[visit.sid] == "complete":
        visit.end("editor", [{"nodesModified": changes}])
        _return_to_portal(visit, session)


def _return_to_portal(visit: Visit, session: Correlation) -> None:
    visit.use_app(PORTAL)
    visit.enter("workspace", session)
    visit.see("workspace", "/workspace/content/review", "list")
    if visit.happens(0.4):
        visit.wait(1, 20)
        visit.use("sign-out", "workspace")
        visit.end("workspace")


def _work(visit: Visit, hosts: Hosts, content: Raw) -> int:
    changes = 1 + visit.chance.randrange(4)
    for change in range(changes):
        visit.wait(10, 90)
        visit.use("open-asset-browser", "editor")
        visit.wait(1, 8)
        found = [{"id": course.id, "score": 5} for course in COURSES[:2]]
        visit.note("SEARCH", {"type": "asset", "query": "diagram", "size": 40, "topn": found})
        visit.stumble("editor")
        plugin = {"id": "org.example.assetbrowser", "ver": "1.2", "category": "core"}
        visit.use(f"asset-{change}", "editor", "add", plugin=plugin)
        if visit.happens(0.2):
            visit.wait(3, 20)
            visit.use(f"asset-{change}", "editor", "remove", plugin=plugin)
    _save(visit, hosts, content)
    if visit.happens(0.6):
        visit.wait(2, 30)
        visit.use("submit-review", "editor")
        _platform(visit, hosts, lambda: _audit(visit, content, ["status"], "Review", "Draft"))
    return changes


def _save(visit: Visit, hosts: Hosts, content: Raw) -> None:
    visit.use("save", "editor")

    def answer() -> None:
        _log_access(visit, "PATCH", "/content/v1/update", 200)
        _audit(visit, content, ["body"], "Draft", "Draft")

    _platform(visit, hosts, answer)


def _audit(visit: Visit, content: Raw, props: list[str], state: str, before: str) -> None:
    visit.note("AUDIT", {"props": props, "state": state, "prevstate": before}, content)


def _platform(visit: Visit, hosts: Hosts, answers: Callable[[], object]) -> None:
    """A host of the platform does what the teacher asked for, and tells it as part of the teacher's session."""
    app = visit.app
    visit.wait(0.1, 1)
    visit.use_app(SERVICES[hosts.up(visit.now)[0]])
    visit.act_as(PLATFORM)
    visit.enter("content-service", Correlation("session", visit.sid), Correlation("request", visit.fresh()))
    answers()
    visit.use_app(app)
    visit.act_as(visit.learner.actor)
    visit.enter("editor" if app is EDITOR else "workspace", Correlation("session", visit.sid))


def change(visit: Visit, state: str) -> None:
    """A host says that it is Ready, or Stopped."""
    visit.act_as(PLATFORM)
    visit.enter("learner-service")
    thing = Thing(visit.app.producer.pid, "Service", visit.app.producer.ver).raw()
    before = "Stopped" if state == "Ready" else "Ready"
    visit.note("AUDIT", {"props": ["state"], "state": state, "prevstate": before}, thing)


def serve(visit: Visit) -> None:
    """A host logs a few requests, and now and then its figures."""
    visit.act_as(PLATFORM)
    for _ in range(2 + visit.chance.randrange(4)):
        visit.enter("learner-service", Correlation("request", visit.fresh()))
        _answer_request(visit)
        visit.wait(0.05, 4)
    visit.enter("learner-service")
    if visit.happens(0.5):
        figures = {"requests": visit.chance.randrange(200, 900), "p99_ms": visit.chance.randrange(40, 400)}
        metrics = [{"metric": name, "value": value} for name, value in figures.items()]
        visit.note("METRICS", {"system": "learner-service", "subsystem": "http", "metrics": metrics})
    elif visit.happens(0.2):
        visit.note("HEARTBEAT", {"state": "ready", "load": visit.chance.randrange(100)})


def _answer_request(visit: Visit) -> None:
    api = visit.chance.choice(APIS)
    status = 503 if visit.stumble("api") else 200
    _log_access(visit, "GET", api, status)
    if status == 503:
        visit.note("LOG", {"type": "process", "level": "ERROR", "message": "upstream timed out, gave up"})
    elif api == SEARCH_API:
        visit.note("SEARCH", {"query": visit.chance.choice(SEARCHES), "size": visit.chance.randrange(120), "topn": []})
    elif visit.happens(0.1):
        visit.note("LOG", {"type": "process", "level": "INFO", "message": "read from the cache"})


def _log_access(visit: Visit, method: str, url: str, status: int) -> None:
    facts: dict[str, Any] = {"method": method, "url": url, "status": status, "duration": visit.chance.randrange(300)}
    params = [{name: value} for name, value in facts.items()]
    level = "INFO" if status == 200 else "ERROR"
    visit.note("LOG", {"type": "api_access", "level": level, "message": "request served", "params": params})
