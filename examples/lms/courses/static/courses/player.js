// Tells the tracking API what happens to the video. An event keeps its id and its time however often it is sent, so
// that it counts once.

const video = document.querySelector("video");
const told = document.querySelector("#told");
const waiting = [];
let sending = false;
let ended = false;

const KINDS = {
  play: () => (ended ? "replay_clicked" : "play"),
  pause: () => "pause",
  ended: () => "end",
  error: () => "error",
  ratechange: () => "playback_rate_change",
};

for (const [name, kind] of Object.entries(KINDS)) {
  video.addEventListener(name, () => tell(kind()));
}
video.addEventListener("ended", () => { ended = true; });
video.addEventListener("play", () => { ended = false; });

// A video that comes from the browser's cache may be there before this script is.
if (video.readyState >= HTMLMediaElement.HAVE_METADATA) tell("load");
else video.addEventListener("loadedmetadata", () => tell("load"), { once: true });

function tell(kind) {
  const data = {
    video_id: video.dataset.video,
    video_event_type: `kinesinlms.course.video.${kind}`,
    current_time: video.currentTime,
    speed: video.playbackRate,
  };
  if (Number.isFinite(video.duration)) data.duration = video.duration;
  const item = told.appendChild(document.createElement("li"));
  item.textContent = `${kind} at ${video.currentTime.toFixed(1)} s `;
  const state = item.appendChild(document.createElement("small"));
  const body = {
    tracking_event_type: "video",
    id: crypto.randomUUID(),
    time: new Date().toISOString(),
    node_id: Number(video.dataset.node),
    event_data: data,
  };
  waiting.push({ body: JSON.stringify(body), state });
  if (!sending) send();
}

async function send() {
  sending = true;
  let pause = 500;
  while (waiting.length) {
    const { body, state } = waiting[0];
    const status = await post(body);
    if (status === 0 || status === 429 || status >= 500) {
      state.textContent = "waits";
      await new Promise((resume) => setTimeout(resume, pause * (0.5 + Math.random() / 2)));
      pause = Math.min(pause * 2, 30000);
    } else {
      state.textContent = status === 201 ? "received" : `refused (${status})`;
      waiting.shift();
      pause = 500;
    }
  }
  sending = false;
}

async function post(body) {
  const { tracking, csrf } = video.dataset;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  try {
    return (await fetch(tracking, { method: "POST", headers, body, keepalive: true })).status;
  } catch {
    return 0;
  }
}
