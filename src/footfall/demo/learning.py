"""A learner's visit to the web portal or the mobile app, nested as Sunbird's standard workflows are."""

from typing import Any

from footfall.demo import accounts, lesson
from footfall.demo.catalogue import COMMENTS, COMMUNITY, COURSES, SEARCHES, Course
from footfall.demo.event import Correlation
from footfall.demo.visit import Visit


def visit_portal(visit: Visit, *, signed_in: bool = False) -> None:
    """A session on the web portal; most people leave without signing out, and some go on to the community's site."""
    if not signed_in and visit.happens(0.35) and not accounts.sign_in(visit):
        return
    visit.intend(visit.sid, "complete")
    visit.enter("home")
    began = visit.now
    visit.begin("session", "home")
    if visit.see("home", "/home", "list"):
        _do_things(visit, most=7)
    visit.enter("home")
    if visit.happens(0.4):
        _sum_up(visit, began)
    if visit.happens(0.3):
        _sign_out(visit)
    elif visit.happens(0.1):
        _visit_community(visit)


def _sign_out(visit: Visit) -> None:
    visit.enter("profile")
    visit.see("profile", "/profile", "detail")
    visit.use("sign-out", "profile")
    visit.end("profile")


def _visit_community(visit: Visit) -> None:
    """The second site knows who comes from the portal, and signs them in by itself."""
    visit.wait(2, 20)
    visit.use_app(COMMUNITY)
    visit.begin_session()
    if not accounts.sign_in_elsewhere(visit):
        return
    visit.intend(visit.sid, "complete")
    visit.enter("community")
    visit.begin("session", "topics")
    visit.see("topics", "/topics", "list")
    visit.wait(3, 60)
    visit.use("open-topic", "topics")
    visit.see("topic", "/topics/17", "detail")


def visit_app(visit: Visit) -> None:
    """The mobile app from opening to closing, with one session in it; sometimes the system ends it first."""
    is_killed = visit.happens(0.15)
    visit.intend(visit.sid, "abandoned" if is_killed else "complete")
    visit.enter("app")
    visit.begin("app", "splash")
    if visit.happens(0.02):
        visit.log("app_update", "INFO", f"updated to {visit.app.producer.ver}", "splash")
    visit.wait(0.5, 3)
    _session_in_app(visit)
    if is_killed and visit.happens(0.5):
        return
    visit.enter("home")
    visit.end("home")
    visit.enter("app")
    if visit.happens(0.05):
        visit.note("FEEDBACK", {"rating": visit.chance.choice((3, 4, 5, 5))})
    if visit.happens(0.25):
        visit.note("INTERRUPT", {"type": "background", "pageid": "home"})
        visit.wait(5, 240)
    if not is_killed:
        visit.end("home")


def _session_in_app(visit: Visit) -> None:
    visit.enter("home")
    began = visit.now
    visit.begin("session", "home")
    is_known = not visit.happens(0.12) or accounts.sign_in(visit)
    if visit.see("home", "home", "list") and is_known:
        _do_things(visit, most=5)
    if visit.happens(0.1):
        visit.enter("home")
        _sum_up(visit, began)


def _do_things(visit: Visit, most: int) -> None:
    for _ in range(1 + visit.chance.randrange(most)):
        visit.wait(3, 40)
        visit.chance.choices(_THINGS, cum_weights=_HOW_OFTEN)[0](visit)


def _study(visit: Visit) -> None:
    course = COURSES[int(len(COURSES) * visit.chance.random() ** 1.6)]
    chosen = visit.chance.choice(course.lessons)
    visit.enter("course", Correlation("course", course.id))
    visit.use(f"card-{course.id}", "home", "TOUCH", course.thing)
    if not visit.see("course", f"/learn/course/{course.id}", "detail", course.thing):
        return
    visit.wait(2, 30)
    if visit.happens(0.04):
        visit.use("enrol", "course", "CLICK", course.thing)
        visit.note("AUDIT", {"props": ["enrolledDate"], "state": "Active", "prevstate": "Inactive"}, course.thing)
    visit.use("open-lesson", "course", "CLICK", course.thing)
    lesson.take(visit, course, chosen)
    visit.enter("course", Correlation("course", course.id))
    visit.see("course", f"/learn/course/{course.id}", "detail", course.thing)


def _open_course(visit: Visit, course: Course) -> None:
    visit.enter("course", Correlation("course", course.id))
    visit.see("course", f"/learn/course/{course.id}", "detail", course.thing)
    visit.wait(2, 30)


def _browse(visit: Visit) -> None:
    visit.enter("explore")
    shown = visit.chance.sample(COURSES, 3)
    seen = [
        {"objid": course.id, "objtype": "Course", "objver": "1.0", "section": "popular", "index": index}
        for index, course in enumerate(shown)
    ]
    visit.see("explore", "/explore", "list", visits=seen)
    visit.wait(2, 25)
    visit.use("course-list", "explore", "SCROLL", extra={"pos": [{"x": 0, "y": 900, "z": 0}]})
    if visit.happens(0.3):
        visit.see("explore", "/explore/2", "list", subtype="Paginate")


def _search(visit: Visit) -> None:
    visit.enter("explore")
    visit.use("search", "home", "SEARCH")
    visit.wait(1, 8)
    size = 0 if visit.happens(0.2) else visit.chance.randrange(1, 120)
    found = visit.chance.sample(COURSES, min(size, 3))
    edata: dict[str, Any] = {"type": "content", "query": visit.chance.choice(SEARCHES), "size": size}
    edata["filters"] = {"gradeLevel": [f"Class {visit.chance.randrange(1, 11)}"]}
    edata["sort"] = {"lastUpdatedOn": "desc"}
    edata["topn"] = [{"id": course.id, "score": 9 - rank} for rank, course in enumerate(found)]
    visit.note("SEARCH", edata)
    if visit.happens(0.2):
        visit.log("api_access", "INFO", "search answered", "search")
    visit.see("search", "/explore?query", "search")


def _edit_profile(visit: Visit) -> None:
    visit.enter("profile")
    visit.see("profile", "/profile", "detail")
    visit.wait(5, 60)
    if visit.happens(0.5):
        visit.use("save-profile", "profile")
        accounts.change_profile(visit)


def _share(visit: Visit) -> None:
    course = visit.chance.choice(COURSES)
    shared = visit.chance.sample(course.lessons, 1 + visit.chance.randrange(3))
    _open_course(visit, course)
    visit.use("share", "course", "TOUCH", course.thing)
    transfers = visit.chance.randrange(3)
    items = [
        {
            "id": item.id,
            "type": "Content",
            "ver": "2.0",
            "params": [{"transfers": transfers, "size": 90_000 + visit.chance.randrange(9_000_000)}],
            "origin": {"id": visit.learner.did, "type": "Device"},
        }
        for item in shared
    ]
    edata = {"dir": "In" if visit.happens(0.3) else "Out", "type": "File", "items": items}
    visit.note("SHARE", edata, course.thing)


def _give_feedback(visit: Visit) -> None:
    course = visit.chance.choice(COURSES)
    _open_course(visit, course)
    visit.use("rate", "course", "CLICK", course.thing)
    visit.wait(2, 20)
    edata: dict[str, Any] = {"rating": visit.chance.choice((2, 3, 4, 4, 5, 5, 5))}
    if visit.happens(0.4):
        edata["comments"] = visit.chance.choice(COMMENTS)
    visit.note("FEEDBACK", edata, course.thing)


def _sum_up(visit: Visit, began: int) -> None:
    edata = {"type": "session", "starttime": began, "endtime": visit.now, "pageviews": visit.pages}
    edata |= {"timespent": round((visit.now - began) / 1000, 2), "interactions": visit.interactions}
    visit.note("SUMMARY", edata | {"extra": [{"id": "device", "value": visit.learner.model.label}]})
    if visit.happens(0.1):
        metrics = [{"metric": "slowest_page_ms", "value": visit.chance.randrange(300, 4000)}]
        visit.note("METRICS", {"system": visit.app.producer.id, "subsystem": "pages", "metrics": metrics})


_THINGS = (_study, _browse, _search, _edit_profile, _share, _give_feedback)
_HOW_OFTEN = (55, 75, 89, 93, 96.5, 100)
