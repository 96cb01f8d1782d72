// What somebody does in the lesson: a player from START to END, the video, and each answer. What happens to the video
// also goes to the LMS's tracking API, as pages of an LMS send it.

import { now, page, tracker } from "./telemetry.js";

const video = document.querySelector("video");
const quiz = document.querySelector("#quiz");
const play = tracker.play(page.content, { pageid: "lesson" }, { context: { env: "contentplayer" } });
const began = performance.now();

const VIDEO = { play: "play", pause: "pause", ended: "end", error: "error", ratechange: "playback_rate_change" };

for (const [name, kind] of Object.entries(VIDEO)) {
  video.addEventListener(name, () => {
    play.interact({ type: "TOUCH", id: `video-${kind}`, pageid: "lesson" });
    track(kind);
  });
}

function track(kind) {
  const data = {
    video_id: video.dataset.video,
    video_event_type: `kinesinlms.course.video.${kind}`,
    current_time: video.currentTime,
    speed: video.playbackRate,
  };
  if (Number.isFinite(video.duration)) data.duration = video.duration;
  const body = {
    tracking_event_type: "video",
    id: crypto.randomUUID(),
    time: new Date(now()).toISOString(),
    anon_username: page.actor,
    course_slug: "CELLS",
    course_run: "2026",
    node_id: page.content.id,
    page_url: location.origin + location.pathname,
    event_data: data,
  };
  const headers = { "content-type": "application/json" };
  if (page.key) headers.authorization = `Bearer ${page.key}`;
  if (tracker.isActive) {
    fetch(`${page.footfall}/api/tracking/`, { method: "POST", headers, body: JSON.stringify(body), keepalive: true }).catch(() => {});
  }
}

quiz.addEventListener("change", ({ target }) => {
  play.interact({ type: "CHOOSE", id: `${target.name}-${target.value}`, pageid: "lesson" });
});

quiz.addEventListener("submit", async (event) => {
  event.preventDefault();
  play.interact({ type: "TOUCH", id: "check-answers", pageid: "lesson" });
  try {
    const headers = { accept: "application/json" };
    const reply = await fetch(quiz.action, { method: "POST", headers, body: new URLSearchParams(new FormData(quiz)) });
    show((await reply.json()).marks);
  } catch {
    // As a page, which marks the answers too.
    quiz.submit();
  }
});

function show(marks) {
  const duration = Math.round(performance.now() - began) / 1e3;
  for (const [index, mark] of marks.entries()) {
    const resvalues = [{ answer: mark.answer }];
    const item = { id: mark.id, maxscore: 1, exlength: 0, uri: "", title: mark.title, desc: "", params: [], mc: [], mmc: [] };
    play.response({ target: { id: mark.id, ver: "1.0", type: "AssessmentItem" }, type: "CHOOSE", values: resvalues });
    play.assess({ item, index: index + 1, pass: mark.pass ? "Yes" : "No", score: mark.pass ? 1 : 0, resvalues, duration });
    document.querySelector(`[data-mark="${mark.id}"]`).textContent = mark.pass ? "Right." : "Not quite.";
  }
  const right = marks.filter((mark) => mark.pass).length;
  document.querySelector("#result").textContent = `${right} of ${marks.length} are right.`;
  if (right === marks.length) play.end({ summary: [{ progress: 100 }] });
}

// END is also sent when somebody leaves before.
play.impression({ type: "view", pageid: "lesson", uri: location.pathname });
