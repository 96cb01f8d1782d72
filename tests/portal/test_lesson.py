"""The lesson: the video plays, the quiz is marked, and footfall has all of it."""

import json

from .walk import Walk

PLAYED = "video => video.currentTime > 0.2 && !video.paused"


def test_a_lesson_from_start_to_end(walk: Walk) -> None:
    walk.join("pupil@school.example")
    walk.open("/lesson")
    video = walk.page.locator("video")
    video.evaluate("video => video.play()")
    walk.page.wait_for_function(f"() => ({PLAYED})(document.querySelector('video'))")
    video.evaluate("video => video.pause()")
    walk.page.get_by_label("One larger cell").check()
    walk.page.get_by_label("Its nucleus").check()
    walk.page.get_by_role("button", name="Check my answers").click()
    walk.see("1 of 2 are right")
    walk.page.get_by_label("Two cells").check()
    walk.page.get_by_role("button", name="Check my answers").click()
    walk.see("2 of 2 are right")
    rows = walk.wait(_lesson(walk), lambda rows: [row["eid"] for row in rows].count("END") == 1)
    assert [row["eid"] for row in rows] == [
        *("START", "IMPRESSION", "INTERACT", "INTERACT", "INTERACT", "INTERACT", "INTERACT"),
        *("RESPONSE", "ASSESS", "RESPONSE", "ASSESS", "INTERACT", "INTERACT"),
        *("RESPONSE", "ASSESS", "RESPONSE", "ASSESS", "END"),
    ]
    events = [json.loads(row["event"]) for row in rows]
    assert [event["edata"]["pass"] for event in events if event["eid"] == "ASSESS"] == ["No", "Yes", "Yes", "Yes"]
    assert (events[0]["edata"]["type"], events[-1]["edata"]["type"]) == ("player", "player")
    assert events[-1]["edata"]["duration"] > 0
    assert {event["object"]["id"] for event in events} == {"do_mitosis"}
    assert {len(event["actor"]["id"]) for event in events} == {32}


def test_what_happens_to_the_video_reaches_the_lms_way_too(walk: Walk) -> None:
    walk.join("watcher@school.example")
    walk.open("/lesson")
    actor = json.loads(walk.page.locator("#told").text_content() or "")["actor"]
    walk.page.locator("video").evaluate("video => video.play()")
    walk.page.wait_for_function(f"() => ({PLAYED})(document.querySelector('video'))")
    walk.page.locator("video").evaluate("video => { video.playbackRate = 16; }")
    walk.wait(
        "SELECT regexp_extract(event, 'course[.]video[.]([a-z_]+)', 1) AS kind FROM events "
        f"WHERE event_type = 'video' AND actor_id = '{actor}' ORDER BY ets",
        lambda rows: {row["kind"] for row in rows} >= {"play", "playback_rate_change", "pause", "end"},
    )


def test_who_leaves_early_is_told_of_too(walk: Walk) -> None:
    walk.join("truant@school.example")
    walk.open("/lesson")
    walk.open("/")
    walk.wait(_lesson(walk), lambda rows: [row["eid"] for row in rows] == ["START", "IMPRESSION", "END"])


def _lesson(walk: Walk) -> str:
    return f"SELECT eid, event FROM events WHERE sid = '{walk.sid}' AND env = 'contentplayer' ORDER BY ets"
