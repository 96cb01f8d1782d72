"""Taking a course of the LMS, from the enrolment to the certificate; and those who run its courses."""

from typing import Any

from msgspec import Struct

from footfall.demo.lms_events import OFFERINGS, PAST, Offering, Unit, play, track
from footfall.demo.visit import Learner, Visit

_SURVEY = {"survey_provider_slug": "forms", "survey_provider_type": "QUALTRICS", "survey_type": "POST_COURSE"}


class Enrolment(Struct):
    """A student in a course: how many units are done, and when the student was last there (epoch milliseconds)."""

    student: Learner
    course: Offering
    done: int = 0
    last_ms: int = 0
    is_over: bool = False


def enrol(visit: Visit, *, is_new: bool) -> Enrolment:
    """Somebody comes to the LMS, for the first time perhaps, and chooses a course."""
    course = visit.chance.choice(OFFERINGS)
    if is_new:
        track(visit, "core.user.registration")
        visit.wait(20, 300)
        track(visit, "core.user.email_confirmed")
    track(visit, "core.user.login")
    visit.wait(2, 30)
    track(visit, "core.user.enrollment.activated", course, data={"cohort_id": 7, "cohort_name": "Autumn"})
    enrolment = Enrolment(visit.learner, course)
    _see(visit, course, "home")
    if visit.happens(0.6):
        _take_unit(visit, enrolment)
    return enrolment


def attend(visit: Visit, enrolment: Enrolment) -> None:
    """A student comes back, does some units, and has the course behind them when all are done; a few give up."""
    course = enrolment.course
    track(visit, "core.user.login")
    visit.wait(1, 10)
    if visit.happens(0.08):
        track(visit, "core.user.enrollment.deactivated", course)
        enrolment.is_over = True
        return
    _see(visit, course, "home")
    _look_around(visit, course)
    for _ in range(1 + visit.chance.randrange(2)):
        if enrolment.done < len(course.units):
            _take_unit(visit, enrolment)
    if enrolment.done == len(course.units):
        _finish(visit, course)
        enrolment.is_over = True


def _see(visit: Visit, course: Offering, page: str) -> None:
    track(visit, f"course.{page}.page_view", course, data={"page": page}, page=page)
    visit.wait(3, 40)


def _look_around(visit: Visit, course: Offering) -> None:
    """Every now and then, something beside the units."""
    match visit.chance.randrange(14):
        case 0 | 1:
            _see(visit, course, "progress")
        case 2:
            _see(visit, course, "bookmarks")
        case 3:
            _see(visit, course, "forum_topics")
            _post(visit, course)
        case 4:
            track(visit, "course.extra_page.page_view", course, data={"page_name": "syllabus"}, page="syllabus")
        case 5:
            track(visit, "course.custom_app.page_view", course, data={"custom_app": "peer_review"}, page="peer")
        case 6:
            track(visit, "course.search.search_request", course, data={"search_text": "how to plan"}, page="search")
        case 7:
            track(visit, "course.resource.download", course, data={"course_resource_name": "syllabus.pdf"})
    visit.wait(1, 20)


def _post(visit: Visit, course: Offering) -> None:
    begins = visit.happens(0.3)
    number = visit.chance.randrange(1000, 9999)
    post: dict[str, Any] = {"activity_type": "TOPIC" if begins else "POST", "post_id": number, "topic_id": number // 7}
    if not begins:
        post["reply_to_post_number"] = 1 + number % 5
    track(visit, "course.forum.post", course, data=post, page="forum")


def _take_unit(visit: Visit, enrolment: Enrolment) -> None:
    course = enrolment.course
    unit = course.units[enrolment.done]
    _read(visit, course, unit)
    visit.wait(2, 20)
    _watch(visit, course, unit)
    _use_unit(visit, course, unit)
    _answer(visit, course, unit)
    enrolment.done += 1
    milestone = {"milestone_type": "CORRECT_ANSWERS", "milestone_id": unit.id}
    track(visit, "course.progress.milestone.progressed", course, data=milestone)


def _read(visit: Visit, course: Offering, unit: Unit) -> None:
    title = {"unit_display_name": unit.title}
    track(visit, "course.content.page_view", course, unit, data=title, page=f"content/{unit.slug}")


def _watch(visit: Visit, course: Offering, unit: Unit) -> None:
    length = 120.0 + unit.id % 7 * 30
    play(visit, course, unit, "load")
    visit.wait(1, 5)
    if visit.happens(0.03):
        play(visit, course, unit, "error")
        return
    _play_through(visit, course, unit, length)
    if visit.happens(0.85):
        play(visit, course, unit, "end", current_time=length, duration=length)
        if visit.happens(0.05):
            play(visit, course, unit, "replay_clicked", current_time=0.0)


def _play_through(visit: Visit, course: Offering, unit: Unit, length: float) -> None:
    """Play, and pause up to four times."""
    at = 0.0
    for _ in range(visit.chance.randrange(5)):
        play(visit, course, unit, "play", current_time=at, duration=length)
        at = min(length, round(at + visit.wait(5, 60), 2))
        if visit.happens(0.05):
            play(visit, course, unit, "playback_rate_change", speed=1.5)
        play(visit, course, unit, "pause", current_time=at)
        visit.wait(4, 120)
    if visit.happens(0.04):
        play(visit, course, unit, "playback_quality_change")
    play(visit, course, unit, "play", current_time=at, duration=length)
    visit.wait(20, 100)


def _use_unit(visit: Visit, course: Offering, unit: Unit) -> None:
    visit.wait(2, 30)
    if visit.happens(0.08):
        track(visit, "course.bookmark.created", course, unit)
    if visit.happens(0.03):
        track(visit, "course.bookmark.deleted", course, unit)
    if visit.happens(0.08):
        file = {"resource_type": "PDF", "resource_name": "notes.pdf", "block_id": unit.id, "block_slug": unit.slug}
        track(visit, "course.resource.download", course, unit, data=file)
    if visit.happens(0.15):
        tool: dict[str, Any] = {f"simple_interactive_tool_{name}": unit.id for name in ("id", "submission_id")}
        tool |= {"simple_interactive_tool_type": "DIAGRAM", "status": "COMPLETE"}
        track(visit, "course.simple_interactive_tool.submitted", course, unit, data=tool)


def _answer(visit: Visit, course: Offering, unit: Unit) -> None:
    """Answer the unit's question until it is right, three times at most."""
    answer: dict[str, Any] = {"assessment_id": unit.id, "assessment_type": "MULTIPLE_CHOICE", "answer_id": unit.id + 1}
    before = "UNANSWERED"
    for attempt in range(1, 4):
        visit.wait(8, 60)
        status = "CORRECT" if visit.happens(visit.learner.ability) else "INCORRECT"
        result = {"status": status, "attempts": attempt, "previous_answer_status": before}
        track(visit, "course.assessment.submitted", course, unit, data=answer | result)
        before = status
        if status == "CORRECT":
            break


def _finish(visit: Visit, course: Offering) -> None:
    milestone = {"milestone_type": "CORRECT_ANSWERS", "milestone_id": course.units[-1].id}
    track(visit, "course.progress.milestone.completed", course, data=milestone)
    track(visit, "course.progress.passed", course)
    track(visit, "course.progress.certificate.earned", course)
    badge = {"badge_class_id": 3, "badge_class_slug": "finisher", "badge_class_type": "COURSE_PASSED"}
    track(visit, "course.progress.badge.earned", course, data=badge | {"badge_assertion_id": visit.fresh()[:8]})
    visit.wait(5, 60)
    _see(visit, course, "certificate")
    if visit.happens(0.5):
        survey = {"survey_id": 12, "response_id": visit.fresh()[:8], "course": f"{course.slug}_{course.run}"}
        track(visit, "survey.completed", course, data=_SURVEY | survey | {"times_completed": 1})


def read_again(visit: Visit) -> None:
    """Somebody reads in a course that has ended."""
    track(visit, "core.user.login")
    visit.wait(1, 10)
    _see(visit, PAST, "home")
    for unit in PAST.units:
        _read(visit, PAST, unit)
        visit.wait(5, 120)


def ask_for_training(visit: Visit) -> None:
    """Somebody who has no account asks for courses to train with."""
    track(visit, "site.trainer.trainer_form_submitted", data={"courses": ["DEMO"]}, is_known=False)


def run_course(visit: Visit) -> None:
    """Somebody of the staff looks after a course."""
    course = visit.chance.choice(OFFERINGS)
    track(visit, "core.user.login")
    tab = {"course_admin_tab": "analytics", "tab_page": "engagement"}
    track(visit, "course.admin.page_view", course, data=tab, page="admin/analytics")
    visit.wait(5, 60)
    if visit.happens(0.5):
        track(visit, "course.admin.report_generated", course, data={"report": "student_progress"})
        visit.wait(5, 60)
        report = {"report": "student_progress", "cohorts": ["autumn"]}
        track(visit, "course.admin.download", course, data=report)
    else:
        track(visit, "course.admin.download", course, data={"download_type": "students", "cohort": "autumn"})
