// What a page tells of its visitor: the steps of a flow that happen in the browser. The server tells the others, and
// hands down the flow's id, the session and the device, so that what both tell belongs together.
//
// Names and values are those of Sunbird's "Signup Telemetry data", verbatim.

import { createTracker } from "/footfall.js";

export const page = JSON.parse(document.querySelector("#told").textContent);
const { channel, key, producer, sid, did, actor } = page;
const lag = page.now - Date.now();
let last = 0;

// The server's clock.
export const now = () => Date.now() + lag;

export const tracker = createTracker({
  channel, key, producer, sid, did,
  actor: actor || undefined,
  age: 1,
  // By the server's clock, and never twice the same time: the steps of a flow are judged in the order of their times.
  timeDiff: lag / 1e3,
  onEvent(event) { event.ets = last = Math.max(event.ets, last + 1); },
});

const at = (env, type, id) => ({ context: { env, cdata: [{ type, id }] } });
const on = (form, work) => document.querySelector(form)?.addEventListener("submit", ({ target }) => work(target));

const PAGES = {
  signup({ flow, again }) {
    const here = at("signup", "signup", flow);
    if (!again) {
      // S1, S2
      tracker.start(null, undefined, undefined, { type: "signup", pageid: "signup", mode: "self" }, here);
      tracker.impression({ type: "view", pageid: "signup", uri: "/signup" }, here);
    }
    on("#signup", (form) => {
      const contactType = new FormData(form).get("contact_type");
      // S3
      tracker.interact({ id: "submit-signup", type: "click", pageid: "signup", extra: { contactType } }, here);
    });
  },
  otp({ flow, again }) {
    // S4
    if (!again) tracker.impression({ type: "view", pageid: "otp", uri: "/sign-up" }, at("signup", "signup", flow));
    const here = at("signup", "otp", flow);
    // S5, S6
    on("#otp", () => tracker.interact({ id: "submit-otp", type: "click", pageid: "otp", extra: { values: "/sign-up" } }, here));
    on("#resend", () => tracker.interact({ id: "resend-otp", type: "click", pageid: "otp" }, here));
  },
};

on("[data-google]", ({ elements }) => {
  const { flow } = elements;
  // Each time somebody goes to Google is a flow of its own.
  flow.value = crypto.randomUUID?.() ?? "";
  const here = at("signin", "signin", flow.value);
  // G1
  if (flow.value) tracker.start(null, undefined, undefined, { type: "signup", pageid: "signin", mode: "google" }, here);
});

const ordinary = () => tracker.impression({ type: "view", pageid: page.page, uri: location.pathname }, { context: { env: "portal" } });
(PAGES[page.page] ?? ordinary)(page);

// A page that comes back from the browser's memory belongs to a flow that may be over.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
