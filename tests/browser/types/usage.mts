// What a page may write, and what the compiler keeps it from. Never run.
import { $t, createTracker, type Aside, type Fate, type Tracker } from "footfall-tracker";

const tracker: Tracker = createTracker({
  endpoint: "https://events.example",
  channel: "academy",
  key: "ffp_1",
  producer: { id: "academy.portal", ver: "1.0" },
  gpc: "anonymous",
  impressions: (location) => (location.pathname === "/" ? null : { pageid: location.pathname }),
});

const mid: string = tracker.interact({ type: "CLICK", id: "play", extra: { values: ["a"] } }, { tags: ["t"] });
tracker.start({ uid: "u-1" }, "do_1", "1", { type: "player", mode: "play", stageid: "s1" });
tracker.start(null, undefined, undefined, { type: "app" });
tracker.track("SEARCH", { query: "tree", size: 3 }, { context: { cdata: [{ type: "flow", id: mid }] } });
tracker.metrics({ queries: 3 });
tracker.log({ type: "job", level: "INFO", message: "m" }, { actor: { type: "System" }, mid: "m-1", ets: Date.now(), ver: "3.1" });
tracker.heartbeat();
tracker.set({ actor: { id: "u-1", type: "User" }, object: { id: "do_1", type: "Course" } });

const play = tracker.play({ id: "do_1", type: "Video" }, { mode: "preview" });
play.interact({ type: "PAUSE", id: "video" });
const ended: string = play.end({ summary: [{ progress: 50 }] });
const session: string = tracker.session({ pageid: "home" }).id + ended;

const off: () => void = tracker.on("fate", (fate: Fate) => console.log(fate.mid, fate.code ?? session));
const all: Promise<[boolean, Aside[], boolean]> = Promise.all([tracker.flush(), tracker.aside(), tracker.stop({ forget: true })]);
void all.then(off);

$t.initialize({ host: "https://events.example", pdata: { id: "p", ver: "1" }, channel: "academy", batchsize: 20 });
if (!$t.isInitialized) void $t.start({}, "do_1", "1", { type: "app" }, { actor: { id: "u" } });
$t.impression({ type: "view", pageid: "home" });
$t.resetContext({ env: "home" });
globalThis.EkTelemetry.isInitialized();
void globalThis.$t.start({}, "do_1", "1", {}).then(() => $t.syncEvents());

// @ts-expect-error a tracker needs a producer
createTracker({ endpoint: "https://events.example" });
// @ts-expect-error no such event
tracker.track("CLICK", {});
// @ts-expect-error an INTERACT has an id
tracker.interact({ type: "CLICK" });
// @ts-expect-error no such setting
createTracker({ producer: "p", gpc: "yes" });
// @ts-expect-error a fate is what one may listen to
tracker.on("click", () => undefined);
// @ts-expect-error an actor is a name or has an id
tracker.set({ actor: { type: "User" } });
