"""What happens where learners do not see it: a teacher edits content, a service answers and reports its figures."""

from msgspec import Raw

from footfall.demo.catalogue import APIS, COURSES, EDITOR, PORTAL
from footfall.demo.event import Actor, Correlation, Thing
from footfall.demo.visit import Visit


def edit_content(visit: Visit) -> None:
    """A teacher signs in, makes a new piece of content in the editor, and sends it to review."""
    content = Thing(f"do_{visit.fresh()[:12]}", "Content").raw()
    visit.begin("session", "workspace")
    visit.enter("workspace")
    visit.see("workspace", "/workspace/content/create", "list")
    visit.wait(3, 30)
    visit.use("create-content", "workspace")
    visit.note("AUDIT", {"props": ["name", "status"], "state": "Draft", "prevstate": ""}, content)
    visit.use_app(EDITOR)
    visit.enter("editor", Correlation("content", "draft"))
    visit.begin("editor", "editor", "content", content)
    changes = _work(visit, content)
    visit.end("editor", [{"nodesModified": changes}])
    visit.use_app(PORTAL)
    visit.enter("workspace")
    visit.see("workspace", "/workspace/content/review", "list")


def _work(visit: Visit, content: Raw) -> int:
    changes = 2 + visit.chance.randrange(6)
    for change in range(changes):
        visit.wait(10, 90)
        plugin = {"id": "org.example.assetbrowser", "ver": "1.2", "category": "core"}
        visit.use(f"add-asset-{change}", "editor", plugin=plugin)
        if visit.happens(0.3):
            found = [{"id": course.id, "score": 5} for course in COURSES[:2]]
            visit.note("SEARCH", {"type": "asset", "query": "diagram", "size": 40, "topn": found})
    visit.use("save", "editor")
    if visit.happens(0.6):
        visit.use("submit-review", "editor")
        visit.note("AUDIT", {"props": ["status"], "state": "Review", "prevstate": "Draft"}, content)
    return changes


def serve(visit: Visit) -> None:
    """A service logs a few requests, and now and then its figures."""
    visit.act_as(Actor("learner-service", "System"))
    for _ in range(2 + visit.chance.randrange(4)):
        visit.enter("learner-service", Correlation("request", visit.fresh()))
        _log_request(visit)
        visit.wait(0.05, 4)
    if visit.happens(0.6):
        figures = {"requests": visit.chance.randrange(200, 900), "p99_ms": visit.chance.randrange(40, 400)}
        metrics = [{"metric": name, "value": value} for name, value in figures.items()]
        visit.note("METRICS", {"system": "learner-service", "subsystem": "http", "metrics": metrics})


def _log_request(visit: Visit) -> None:
    status = 503 if visit.stumble("api") else 200
    facts = {
        "method": "GET",
        "url": visit.chance.choice(APIS),
        "status": status,
        "duration": visit.chance.randrange(300),
    }
    params = [{name: value} for name, value in facts.items()]
    level = "INFO" if status == 200 else "ERROR"
    visit.note("LOG", {"type": "api_access", "level": level, "message": "request served", "params": params})
