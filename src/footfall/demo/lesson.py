"""Taking one lesson: a video, a document, a game or a quiz, in the player."""

import json
from typing import Any

from footfall.demo.catalogue import Course, Lesson
from footfall.demo.event import Correlation
from footfall.demo.visit import Visit


def take(visit: Visit, course: Course, lesson: Lesson) -> None:
    """Open a lesson in the player, work through it for as long as patience lasts, and close the player."""
    visit.enter("contentplayer", Correlation("course", course.id), Correlation("batch", course.batch))
    visit.begin("player", lesson.id, "play", lesson.thing)
    visit.wait(1, 8)
    if visit.happens(0.05):
        visit.log("process", "INFO", "content loaded from the cache", lesson.id)
    if visit.stumble(lesson.id):
        visit.end(lesson.id, [{"progress": 0}])
        return
    summary = _WAYS[lesson.kind](visit, lesson)
    visit.end(lesson.id, summary)


def _watch(visit: Visit, lesson: Lesson) -> list[dict[str, Any]]:
    minutes = 1 + int(6 * visit.chance.random() ** 2)
    visit.use("video", lesson.id, "LISTEN", lesson.thing, subtype="PLAY")
    for minute in range(minutes):
        visit.wait(50, 70)
        if minute % 2:
            visit.note("HEARTBEAT", {"state": "playing", "position": minute * 60})
        elif visit.happens(0.12):
            _interrupt(visit, lesson)
        elif visit.happens(0.25):
            visit.use("seek", lesson.id, "DRAG", lesson.thing, extra={"values": [minute * 60, minute * 60 - 15]})
    visit.use("video", lesson.id, "LISTEN", lesson.thing, subtype="PAUSE" if visit.happens(0.3) else "END")
    return [{"progress": min(100, 20 * minutes)}, {"visitedlength": 60 * minutes}]


def _interrupt(visit: Visit, lesson: Lesson) -> None:
    visit.note("INTERRUPT", {"type": "background", "pageid": lesson.id}, lesson.thing)
    visit.wait(10, 300)
    visit.note("INTERRUPT", {"type": "resume", "pageid": lesson.id}, lesson.thing)


def _read(visit: Visit, lesson: Lesson) -> list[dict[str, Any]]:
    pages = 2 + visit.chance.randrange(5)
    for page in range(1, pages + 1):
        visit.see(f"page-{page}", f"/play/{lesson.id}/{page}", thing=lesson.thing, subtype="Scroll")
        visit.wait(8, 70)
        visit.use("next", f"page-{page}", "TOUCH", lesson.thing)
        if visit.happens(0.1):
            break
    return [{"progress": 100 if page == pages else 100 * page // pages}]


def _play(visit: Visit, lesson: Lesson) -> list[dict[str, Any]]:
    moves = 3 + visit.chance.randrange(6)
    if visit.happens(0.2):
        visit.use("level-2", "stage-1", "LEVEL_SET", lesson.thing)
    for move in range(moves):
        visit.wait(2, 25)
        position = {"x": visit.chance.randrange(360), "y": visit.chance.randrange(640), "z": 0}
        visit.use(f"piece-{move}", "stage-1", "DRAG", lesson.thing, extra={"pos": [position], "tid": f"slot-{move}"})
    if visit.happens(0.12):
        statement = {"verb": "completed", "object": lesson.id, "result": {"score": {"scaled": visit.learner.ability}}}
        visit.note("EXDATA", {"type": "xapi", "data": json.dumps(statement)}, lesson.thing)
    return [{"progress": 100}, {"moves": moves}]


def _answer_all(visit: Visit, lesson: Lesson) -> list[dict[str, Any]]:
    right = 0
    for index in range(1, lesson.questions + 1):
        right += _answer(visit, lesson, index)
        if visit.happens(0.05):
            break
    visit.use("submit-quiz", lesson.id, "SUBMIT", lesson.thing)
    return [{"progress": 100 * index // lesson.questions}, {"score": right}, {"questions": lesson.questions}]


def _answer(visit: Visit, lesson: Lesson, index: int) -> bool:
    name = f"{lesson.id}q{index}"
    seconds = visit.wait(4, 60)
    is_right = visit.happens(visit.learner.ability)
    chosen = [{"option": "abcd"[index % 4 if is_right else (index + 1) % 4]}]
    target = {"id": name, "ver": "1.0", "type": "AssessmentItem", "parent": {"id": lesson.id, "type": "QuestionSet"}}
    visit.note("RESPONSE", {"target": target, "type": "CHOOSE", "values": chosen}, lesson.thing)
    visit.now += 200
    item = {"id": name, "maxscore": 1, "exlength": 30, "title": f"{lesson.title} {index}", "type": "mcq"}
    item |= {"params": [], "uri": "", "desc": "", "mmc": [], "mc": []}
    judged = {"item": item, "pass": "Yes" if is_right else "No", "score": int(is_right), "index": index}
    visit.note("ASSESS", judged | {"resvalues": chosen, "duration": seconds}, lesson.thing)
    return is_right


_WAYS = {"video": _watch, "document": _read, "game": _play, "quiz": _answer_all}
