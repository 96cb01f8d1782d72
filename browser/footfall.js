// footfall.js: user events from the browser, in Sunbird Telemetry V3. Apache-2.0. Manual: docs/browser.md.
//
// An event goes into IndexedDB first, and from there to the server: in order, by one tab at a time. It is removed when
// the server has it. Sending twice does no harm, since the server stores an event with the same mid and ets once.
//
// Comments have lines of their own: the collector serves this file without them and without indentation.

const HOME = /^http/.test(import.meta.url) ? import.meta.url : globalThis.location?.href;

// In ms: inactivity that ends a session; how long one tab may send where there are no locks; a request's longest time.
const IDLE = 30 * 60e3;
const LEASE = 40e3;
const TIMEOUT = 30e3;

// In bytes: an event; what a page may send on its way out, where browsers allow 64 KiB; in characters: a batch.
const LARGEST = 1 << 20;
const DIRECT = 60e3;
const BATCH = 512e3;

const hex = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// What V3's methods are documented with, as events say it; the counterpart of footfall.tracker.calls.

function take(edata, name) {
  const value = edata[name];
  delete edata[name];
  return value;
}

function rename(edata, from, to) {
  const value = take(edata, from);
  if (value !== undefined) edata[to] ??= value;
}

function about(said) {
  return { type: "Content", ver: "1.0", ...(typeof said === "string" ? { id: said } : said) };
}

function content(edata) {
  const id = take(edata, "contentId");
  const ver = `${take(edata, "contentVer") ?? "1.0"}`;
  return id === undefined ? {} : { object: about({ id: `${id}`, ver }) };
}

function linked(edata, kinds) {
  const found = Object.entries(kinds).map(([name, type]) => ({ type, id: `${take(edata, name) ?? ""}` }));
  return { cdata: found.filter(({ id }) => id) };
}

const SHAPES = {
  START: (edata) => rename(edata, "stageid", "pageid"),
  END(edata) {
    rename(edata, "stageid", "pageid");
    return content(edata);
  },
  IMPRESSION(edata) {
    edata.uri ??= edata.pageid ?? "";
    return linked(edata, { itype: "InteractionType", stageto: "StageTo" });
  },
  ASSESS(edata) {
    edata.pass ??= "No";
    edata.score ??= edata.pass === "Yes" ? 1 : 0;
    edata.resvalues ??= [];
    edata.duration ??= 0;
  },
  RESPONSE: (edata) => linked(edata, { qid: "Question" }),
  INTERRUPT: (edata) => linked(edata, { eventid: "Event" }),
  FEEDBACK: content,
  SHARE(edata) {
    edata.items = (edata.items ?? []).map(({ obj, ...item }) => ({ ...obj, ...item }));
  },
  AUDIT: (edata) => rename(edata, "prevState", "prevstate"),
  SEARCH(edata) {
    edata.topn ??= [];
  },
  METRICS({ system = "", subsystem = "", metrics = [], ...named }) {
    const listed = Object.entries(named).map(([metric, value]) => ({ metric, value }));
    return { edata: { system, subsystem, metrics: [...metrics, ...listed] } };
  },
  SUMMARY(edata) {
    for (const id of ["envsummary", "eventssummary", "pagesummary"]) {
      if (edata[id]) edata.extra = [...(edata.extra ?? []), { id, value: JSON.stringify(take(edata, id)) }];
    }
  },
  EXDATA({ type, ...rest }) {
    const inner = `${Object.keys(rest)}` === "data" ? rest.data : rest;
    return { edata: { type, data: typeof inner === "string" ? inner : JSON.stringify(inner) } };
  },
};

function uaspec() {
  const { userAgent: raw, userAgentData: hints, platform } = navigator;
  const brands = hints?.brands.filter(({ brand }) => !/not.*brand/i.test(brand)) ?? [];
  const named = brands.find(({ brand }) => brand !== "Chromium") ?? brands[0];
  // The last one counts: others name Chrome first.
  const [agent = "", ver = ""] = raw.match(/(Firefox|FxiOS|CriOS|Version|Chrome|Edg|OPR)\/[\d.]+/g)?.pop().split("/") ?? [];
  return {
    agent: named?.brand ?? agent.replace("Version", "Safari"),
    ver: named?.version ?? ver,
    system: hints?.platform ?? /Windows|Android|iP\w+|Mac OS X|CrOS|Linux|$/.exec(raw)[0],
    platform,
    raw,
  };
}

// Small things that outlive the page; where that is refused or not wanted, they last as long as the page does.

function pocket(isKept) {
  try {
    if (isKept && localStorage) return localStorage;
  } catch {}
  return {};
}

function keep(place, name, text) {
  try {
    place[name] = text;
    return true;
  } catch {}
}

function device(place) {
  const did = place["footfall.did"] ?? hex();
  keep(place, "footfall.did", did);
  return did;
}

const ask = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// Where events wait: rows { mid, text } in IndexedDB, and in `loose` those that it does not take (yet).
class Outbox {
  loose = [];
  #db = null;
  me = hex();
  #puts = 0;
  #writing = new Set();
  // What `home` found, and what is its own: the page that parked it has it still.
  #found = new Set();
  // What is known of the batch under way, where there is no disk to note it on.
  #state = {};

  constructor(name, place, most, onDropped) {
    Object.assign(this, { name, place, most, onDropped });
    const tooLong = new Promise((resolve) => setTimeout(resolve, 3e3));
    this.ready = Promise.race([tooLong, this.#open()]);
  }

  async #open() {
    this.close();
    if (this.place !== pocket(true)) return;
    try {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => {
        for (const store of ["events", "aside", "state"]) request.result.createObjectStore(store, { keyPath: "key", autoIncrement: true });
      };
      this.#db = await ask(request);
      this.#db.onversionchange = () => this.close();
      this.#db.onclose = () => this.#open();
      this.put(this.loose.splice(0));
    } catch {}
  }

  close() {
    this.#db?.close();
    this.#db = null;
  }

  // The commit is asked for at once, so that what was put survives the end of the page that put it.
  put(rows, parked) {
    const settle = () => {
      rows.forEach((row) => this.#writing.delete(row));
      delete this.place[parked];
    };
    const spill = () => {
      settle();
      this.loose.push(...rows);
      this.onDropped(this.loose.splice(0, this.loose.length - this.most));
    };
    if (!rows.length) return;
    // What is new does not overtake what is loose.
    if (this.loose.length) return spill();
    try {
      const change = this.#db.transaction("events", "readwrite");
      for (const row of rows) {
        change.objectStore("events").add({ mid: row.mid, text: row.text }).onsuccess = ({ target }) => (row.key = target.result);
        this.#writing.add(row);
      }
      change.oncomplete = settle;
      change.onabort = spill;
      change.commit?.();
    } catch {
      spill();
    }
    if ((this.#puts += rows.length) > 200) this.#makeWay((this.#puts = 0));
  }

  // The oldest events go, but not those under way.
  async #makeWay() {
    const rows = await this.change(async ({ last }, on) => {
      const surplus = (await ask(on("events").count())) - this.most;
      const rows = surplus > 0 ? await ask(on("events").getAll(last && IDBKeyRange.lowerBound(last, true), surplus)) : [];
      for (const { key } of rows) on("events").delete(key);
      return rows;
    }).catch(() => []);
    this.onDropped(rows);
  }

  // The next batch, { msgid, rows }: the same one until it is done; or { wait } in ms.
  take(most, isForced) {
    return this.change(async (state, on) => {
      const wait = isForced && !state.isAsked ? 0 : state.after - Date.now();
      if (wait > 0) return { wait };
      let rows = state.msgid ? await this.#oldest(on, state.count, state.last) : [];
      if (!rows.length) {
        let size = 0;
        rows = await this.#oldest(on, Math.min(most, state.limit || most));
        rows = rows.filter(({ text }, index) => (size += text.length) < BATCH || !index);
        Object.assign(state, { msgid: hex(), count: rows.length, last: rows.at(-1)?.key ?? 0, limit: 0 });
      }
      if (!rows.length) state.msgid = "";
      return { msgid: state.msgid, rows };
    }, true);
  }

  // Forget a batch; what was judged wrong lies aside, the last hundred.
  done({ msgid, rows }, reports) {
    return this.change(async (state, on) => {
      this.loose = this.loose.filter((row) => !rows.includes(row));
      for (const [at, { key, text }] of on ? rows.entries() : []) {
        if (key) on("events").delete(key);
        if (reports[at].code) {
          const latest = await ask(on("aside").add({ ...reports[at], event: text }));
          on("aside").delete(IDBKeyRange.upperBound(latest - 100));
        }
      }
      if (state.msgid === msgid) for (const name in state) delete state[name];
    });
  }

  aside() {
    return this.change((_, on) => (on ? ask(on("aside").getAll()) : []));
  }

  // What may not reach the disk any more waits in localStorage for the next page; `home` brings it back. Each time it has
  // a name of its own: under the same one a page could remove what is new when it has brought back what was old.
  park() {
    const rows = [...this.#writing, ...this.loose].map(({ mid, text }) => ({ mid, text }));
    const name = `${this.name} ${hex()}`;
    this.#found.add(name);
    while (rows.length && !keep(this.place, name, JSON.stringify(rows))) rows.splice(0, Math.ceil(rows.length / 2));
    return name;
  }

  home() {
    for (const name of Object.keys(this.place)) {
      if (!name.startsWith(`${this.name} `) || this.#found.has(name)) continue;
      this.#found.add(name);
      this.put(JSON.parse(this.place[name] ?? "[]"), name);
    }
  }

  // From the disk as long as there are any, up to `last`; then from memory.
  async #oldest(on, count, last) {
    const rows = on && last !== 0 ? await ask(on("events").getAll(last && IDBKeyRange.upperBound(last), count)) : [];
    return rows.length ? rows : this.loose.slice(0, count);
  }

  // Look at the state and change it, in one transaction; `isSoft` where the disk may be too full to note it.
  async change(work, isSoft) {
    if (!this.#db) return work(this.#state);
    const change = this.#db.transaction(["events", "aside", "state"], "readwrite");
    const ended = new Promise((resolve, reject) => {
      change.oncomplete = resolve;
      change.onabort = () => (isSoft ? resolve : reject)(change.error);
    });
    ended.catch(() => {});
    const on = (store) => change.objectStore(store);
    const state = (await ask(on("state").get(1))) ?? { key: 1 };
    const before = `${Object.values(state)}`;
    const result = await work(state, on);
    const after = `${Object.values(state)}`;
    if (!after) on("state").delete(1);
    else if (after !== before) on("state").put(state);
    change.commit?.();
    await ended;
    return result;
  }
}

// Takes batches to the server, one tab at a time.
class Courier {
  listeners = new Set();
  counts = { kept: 0, stored: 0, rejected: 0, dropped: 0, invalid: 0, retries: 0 };
  // This page's events without an answer, by mid, the first of them with their text.
  #mine = new Map();
  #fresh = [];
  #count = 0;
  #timer = 0;
  #notBefore = 0;
  #draining = null;
  #channel = null;
  #halt = null;
  #parked = "";
  #ears = new AbortController();

  constructor(tracker) {
    const { config, pdata, place } = tracker;
    const url = new URL(config.endpoint ?? "/", HOME);
    if (url.pathname === "/") url.pathname = "/v1/telemetry";
    const name = `footfall ${url} ${config.channel} ${pdata.id}`;
    const onDropped = (rows) => this.tell(rows.map(({ mid }) => ({ mid, fate: "dropped", code: "outbox_full" })));
    Object.assign(this, { tracker, config, url: `${url}`, name, lease: `footfall.lease ${url}`, place });
    this.outbox = new Outbox(name, place, config.maxEvents ?? 1e4, onDropped);
    this.#listen();
    this.drain();
  }

  put(row) {
    this.counts.kept++;
    this.#count++;
    this.#mine.set(row.mid, this.#mine.size < 500 ? row : {});
    if (this.#fresh.push(row) === 1) queueMicrotask(() => this.#commit());
    if (this.#parked) this.#park();
    const isDue = this.#count >= this.#most() || row.mid.startsWith("END:");
    if (isDue && Date.now() >= this.#notBefore) this.drain();
    else this.#timer ||= this.#wake((this.config.age ?? 5) * 1e3);
  }

  // Each of this page's events once, and what went wrong with those of pages that are gone.
  tell(reports) {
    for (const report of reports) {
      if (!this.#mine.delete(report.mid) && report.fate === "stored") continue;
      this.counts[report.fate]++;
      for (const listener of this.listeners) queueMicrotask(() => listener(report));
    }
  }

  // Send what waits; whether nothing waits any more.
  drain(isForced) {
    this.#commit();
    return (this.#draining ??= this.#alone(isForced).finally(() => (this.#draining = null)));
  }

  async flush() {
    await this.#draining;
    return this.drain(true);
  }

  stop() {
    this.#ears.abort();
    clearTimeout(this.#timer);
    this.#channel?.close();
    this.outbox.close();
  }

  #most() {
    return Math.min(this.config.batch || 100, 1000);
  }

  #wake(ms) {
    clearTimeout(this.#timer);
    return (this.#timer = setTimeout(() => this.drain(), ms));
  }

  // From when the page goes until it comes back, nothing may be left to the disk alone: it may be too late.
  #park() {
    this.#commit();
    const before = this.#parked;
    this.#parked = this.outbox.park();
    delete this.place[before];
  }

  #commit() {
    this.outbox.put(this.#fresh.splice(0));
  }

  async #alone(isForced) {
    clearTimeout(this.#timer);
    this.#timer = this.#count = 0;
    let hasLock;
    try {
      return await navigator.locks.request(this.name, () => this.#send(isForced, (hasLock = true)));
    } catch {
      return !hasLock && this.#send(isForced);
    }
  }

  // Where there are no locks, a lease has to do. Two tabs that take it at once send the same, which does no harm.
  #lease() {
    const [owner, until] = (this.place[this.lease] ?? "").split(" ");
    if (owner !== this.outbox.me && until > Date.now()) return false;
    keep(this.place, this.lease, `${this.outbox.me} ${Date.now() + LEASE}`);
    return true;
  }

  #release() {
    if (this.place[this.lease]?.startsWith(this.outbox.me)) delete this.place[this.lease];
  }

  async #send(isForced, hasLock) {
    let wait;
    try {
      await this.outbox.ready;
      this.outbox.home();
      for (;;) {
        const batch = hasLock || this.#lease() ? await this.outbox.take(this.#most(), isForced) : { wait: 2e3 };
        wait = batch.wait ?? (batch.rows.length && (await this.#deliver(batch)));
        if (wait || !batch.rows.length) break;
      }
    } catch {
      wait = 5e3;
    }
    this.#release();
    if (wait) this.#wake(wait);
    this.#notBefore = Date.now() + wait;
    return !wait;
  }

  // In ms how long to leave the server alone.
  async #deliver(batch) {
    const { status, after, result } = await this.#post(batch);
    if (status >= 200 && status < 300) return this.#settle(batch, result.errors);
    this.counts.retries++;
    const isShut = /^4(?!08|25|29)/.test(status);
    if (/^4(00|1[1345]|22|31)/.test(status)) {
      const limit = batch.rows.length >> 1;
      if (!limit) return this.#settle(batch, [{ index: 0, code: `http_${status}`, ...result }]);
      return this.outbox.change((state) => void Object.assign(state, { msgid: "", limit }));
    }
    return this.outbox.change((state) => {
      const tries = (state.tries = (state.tries ?? 0) + 1);
      const pause = isShut && tries > 1 ? 3e5 : Math.min(6e4, 250 * 2 ** tries);
      const wait = Math.max(after, pause * (1 - Math.random() / 2));
      Object.assign(state, { after: Date.now() + wait, isAsked: after > 0 });
      return wait;
    }, true);
  }

  async #settle(batch, errors = []) {
    const reports = batch.rows.map(({ mid }) => ({ mid, fate: "stored" }));
    for (const { index, code, path, message } of errors) {
      if (reports[index]?.fate === "stored") Object.assign(reports[index], { fate: "rejected", code, path, message });
    }
    await this.outbox.done(batch, reports);
    this.tell(reports);
    this.#channel?.postMessage(reports);
  }

  async #post({ msgid, rows }, isLast) {
    const { config, tracker } = this;
    const texts = rows.map(({ text }) => text);
    const body = `{"id":"api.sunbird.telemetry","ver":"3.0","params":{"msgid":"${msgid}"},"ets":${tracker.now()},"events":[${texts}]}`;
    const halt = new AbortController();
    const timer = setTimeout(() => halt.abort(), TIMEOUT);
    if (!isLast) this.#halt = halt;
    try {
      if (config.dispatcher) return { status: 200, result: {}, _: await config.dispatcher.dispatch(JSON.parse(body)) };
      const headers = { "content-type": "application/json" };
      const said = {
        authorization: config.key && `Bearer ${config.key}`,
        "x-channel-id": config.channel,
        "x-app-id": tracker.pdata.id,
        "x-device-id": tracker.did,
      };
      for (const name in said) if (/^[!-~][ -~]*$/.test(said[name] ?? "")) headers[name] = said[name];
      const response = await fetch(this.url, { method: "POST", headers, body, keepalive: isLast, signal: halt.signal });
      const text = await response.text();
      const { status, ok } = response;
      const asked = response.headers.get("retry-after");
      const after = Math.min(asked * 1e3 || Date.parse(asked) - Date.now() || 0, 36e5);
      // What is not JSON was not said by the server, but by something in between.
      const isJson = /^\s*(\{|$)/.test(text);
      return { status: ok && !isJson ? 0 : status, after, result: (isJson && text && JSON.parse(text).result) || {} };
    } catch {
      return { status: 0, after: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  // What this page made and nobody has answered for goes out once more while the page may be on its way out.
  #leave() {
    let size = 0;
    const bytes = new TextEncoder();
    const rows = [...this.#mine.values()].filter(({ text }) => text && (size += bytes.encode(text).length + 1) < DIRECT);
    if (!rows.length || Date.now() < this.#notBefore) return;
    for (const { mid } of rows) this.#mine.set(mid, {});
    const batch = { msgid: hex(), rows };
    this.#post(batch, true)
      .then(({ status, result }) => status === 200 && this.#settle(batch, result.errors))
      .catch(() => {});
  }

  #listen() {
    const { signal } = this.#ears;
    const on = (target, name, work) => target.addEventListener(name, work, { signal });
    const connect = () => {
      if (this.place !== pocket(true)) return;
      this.#channel = new BroadcastChannel(this.name);
      this.#channel.onmessage = ({ data }) => {
        if (data.length) this.tell(data.filter(({ mid }) => this.#mine.has(mid)));
        // Somebody left.
        else this.#timer ||= this.#wake(1e3);
      };
    };
    connect();
    on(globalThis, "online", () => this.drain(true));
    on(document, "visibilitychange", () => (document.hidden ? this.#leave() : this.drain()));
    on(globalThis, "pagehide", () => {
      for (const block of this.tracker.blocks) block.end();
      this.#park();
      this.#halt?.abort();
      this.#leave();
      this.#release();
      this.#channel?.postMessage([]);
      this.#channel?.close();
      this.#channel = null;
    });
    on(globalThis, "pageshow", ({ persisted }) => {
      if (!persisted) return;
      delete this.place[this.#parked];
      this.#parked = "";
      connect();
      this.drain();
    });
  }
}

class Methods {
  start(config, contentId, ver = "1.0", data, options) {
    const { uid, actor = uid, tags, object = contentId && about({ id: contentId, ver }), ...context } = config ?? {};
    return this.track("START", data, { actor, tags, object, context, ...options });
  }
}

const EIDS = "IMPRESSION INTERACT ASSESS RESPONSE INTERRUPT FEEDBACK SHARE AUDIT ERROR HEARTBEAT LOG SEARCH METRICS SUMMARY EXDATA END";
for (const eid of EIDS.split(" ")) {
  Methods.prototype[eid.toLowerCase()] = function (data, options) {
    return this.track(eid, data, options);
  };
}

// A stretch of time: START when it is made, END by end() or when the page goes.
class Block extends Methods {
  #began = performance.now();

  constructor(tracker, edata, options) {
    super();
    Object.assign(this, { tracker, edata, options });
    tracker.blocks.add(this);
    tracker.emit("START", edata, options);
  }

  track(eid, edata, options) {
    return this.tracker.track(eid, edata, { ...this.options, ...options });
  }

  end(more) {
    if (!this.tracker.blocks.delete(this)) return "";
    return this.tracker.close(this.edata, performance.now() - this.#began, more, this.options);
  }
}

class Tracker extends Methods {
  blocks = new Set();
  // STARTs without END; the session to begin; the session where it is not kept.
  #open = [];
  #opening = null;
  #session = "";

  constructor(config) {
    super();
    const { producer, gpc = "off", impressions } = config;
    const isOptedOut = globalThis.navigator?.globalPrivacyControl && gpc !== "ignore";
    this.config = Object.create(config);
    this.pdata = typeof producer === "string" ? { id: producer, ver: "" } : producer;
    this.place = pocket(!isOptedOut && config.storage !== "memory");
    if (!globalThis.document || (isOptedOut && gpc === "off")) return;
    this.courier = new Courier(this);
    if (impressions) this.#watchPages(impressions);
  }

  get isActive() {
    return !!this.courier;
  }

  get did() {
    return this.config.did || device(this.place);
  }

  get counts() {
    return this.courier?.counts;
  }

  now() {
    return Date.now() + (this.config.timeDiff || 0) * 1e3;
  }

  set(changes) {
    Object.assign(this.config, changes);
  }

  on(_, listener) {
    this.courier?.listeners.add(listener);
    return () => this.courier?.listeners.delete(listener);
  }

  async flush() {
    return this.courier?.flush() ?? true;
  }

  async aside() {
    return this.courier?.outbox.aside() ?? [];
  }

  async stop({ forget } = {}) {
    const { courier, place } = this;
    const isSent = forget || (await this.flush());
    this.courier = null;
    courier?.stop();
    if (forget && courier) {
      indexedDB.deleteDatabase(courier.name);
      for (const name in place) if (name.startsWith("footfall")) delete place[name];
    }
    return isSent;
  }

  play(said, edata, options) {
    const object = about(said);
    return new Block(this, { type: "player", mode: "play", pageid: object.id, ...edata }, { object, ...options });
  }

  // START once in every session; end() closes it before its time.
  session(said, options) {
    const edata = { type: "session", ...said };
    this.#opening = () => this.emit("START", edata, options);
    const { id, began } = this.#here();
    const end = (more) => {
      this.#opening = null;
      const mid = this.close(edata, Date.now() - began, more, options);
      this.#session = "";
      delete this.place["footfall.session"];
      return mid;
    };
    return { id, end };
  }

  track(eid, data = {}, options = {}) {
    try {
      const names = `${Object.keys(data)}`;
      const edata = { ...(names === "edata" ? data.edata : data) };
      const shaped = { edata, ...SHAPES[eid]?.(edata) };
      const said = { ...options, object: shaped.object ?? options.object, cdata: shaped.cdata };
      if (eid === "START") this.#open.push({ ...edata, at: performance.now(), object: said.object });
      return eid === "END" ? this.#end(edata, said) : this.emit(eid, shaped.edata, said);
    } catch (error) {
      return this.#refuse("invalid", error.name);
    }
  }

  // END ends the innermost START of the same type and mode, or else of the same type.
  #end(edata, options) {
    const same = this.#open.filter(({ type }) => type === edata.type).reverse();
    const start = same.find(({ mode }) => mode === edata.mode) ?? same[0];
    const mid = start ? this.close({}, performance.now() - start.at, edata, options) : this.emit("END", edata, options);
    this.#open = this.#open.filter((one) => one !== start);
    return mid;
  }

  close({ type, mode, pageid }, ms, more, options) {
    return this.emit("END", { type, mode, pageid, ...more, duration: Math.round(ms) / 1e3 }, options);
  }

  emit(eid, edata, { actor, object, context, tags, cdata = [], eventVer, ver = eventVer, ets, mid = `${eid}:${hex()}` } = {}) {
    if (!this.courier) return "";
    try {
      const { config, pdata, did } = this;
      const who = (said) => (typeof said === "string" ? said && { id: said } : said);
      const { id: sid } = this.#here();
      const { channel = " ", env = pdata.id, rollup } = config;
      const carried = config.isSdk && this.#open.filter((one) => one.object).pop()?.object;
      const all = context?.cdata ?? config.cdata ?? [];
      const event = {
        eid,
        ets: ets ?? this.now(),
        ver: ver ?? (config.isSdk ? "3.0" : "3.1"),
        mid,
        actor: { id: "anonymous", type: "User", ...who(config.actor), ...who(actor) },
        context: { channel, pdata, env, sid, did, rollup, ...context, cdata: [...all, ...cdata] },
        object: { ...(!object?.id && { ...config.object, ...carried }), ...object },
        tags: tags ?? config.tags,
        edata: eid === "START" ? { uaspec: uaspec(), ...edata } : edata,
      };
      config.onEvent?.(event);
      const text = JSON.stringify(event);
      if (text.length > LARGEST) return this.#refuse("event_too_large", eid);
      this.courier.put({ mid, text });
      return mid;
    } catch (error) {
      return this.#refuse("invalid", error.name);
    }
  }

  #refuse(code, message) {
    this.courier?.tell([{ mid: "", fate: "invalid", code, message }]);
    return "";
  }

  // The session, the same in all tabs until nothing happens for half an hour; kept as text: id, last event, beginning.
  #here() {
    const { config, place } = this;
    const now = Date.now();
    let [id, at = 0, began = 0] = (config.sid ? this.#session : place["footfall.session"] ?? this.#session).split(" ");
    if (config.sid ? id !== config.sid : !id || now - at > IDLE) [id, at, began] = [config.sid || hex(), 0, 0];
    const isBeginning = this.#opening && !+began;
    if (isBeginning) began = now;
    if (isBeginning || now - at > 5e3) {
      this.#session = `${id} ${now} ${began}`;
      if (!config.sid) keep(place, "footfall.session", this.#session);
    }
    if (isBeginning) this.#opening();
    return { id, began };
  }

  #watchPages(choose) {
    let last;
    const look = () => {
      const { pathname, hash } = location;
      const uri = pathname + (/^#!?\//.test(hash) ? hash : "");
      const page = uri !== last && (choose === true ? {} : choose(location));
      last = uri;
      if (page) this.impression({ type: "view", pageid: uri, uri, ...page });
    };
    for (const name of ["pushState", "replaceState"]) {
      const real = history[name];
      history[name] = function (...said) {
        real.apply(this, said);
        look();
      };
    }
    for (const name of ["popstate", "hashchange"]) addEventListener(name, look);
    addEventListener("pageshow", ({ persisted }) => persisted && look((last = "")));
    document.prerendering ? document.addEventListener("prerenderingchange", look) : look();
  }
}

export const createTracker = (config) => new Tracker(config);

// The Sunbird SDK's face. What differs from it on purpose stands in docs/browser.md.

let behind;
const current = {};

const sdk = {
  _version: "3.0",
  initialized: false,
  config: {},
  isInitialized: () => sdk.initialized,
  getInstance: () => sdk,
  initialize(said) {
    if (sdk.initialized) return console.info("Telemetry is already initialized.");
    const defaults = { env: "contentplayer", batchsize: 20, host: HOME && new URL(HOME).origin, apislug: "", endpoint: "/data/v3/telemetry" };
    const config = (sdk.config = { ...defaults, tags: [], cdata: [], rollup: {}, object: {}, ...said });
    sdk.initialized = true;
    behind = new Tracker({
      __proto__: config,
      isSdk: true,
      endpoint: config.host + config.apislug + config.endpoint,
      producer: { id: "sunbird", ver: "1.0", pid: "", ...config.pdata },
      onEvent(event) {
        if (event.actor.id === "anonymous") event.actor.id = event.context.did;
        document.dispatchEvent(new CustomEvent("TelemetryEvent", { detail: event }));
      },
    });
  },
  async start(config, id, ver, data, options) {
    if (!sdk.initialized) sdk.initialize(config);
    const object = { ...(id && ver && { ...sdk.config.object, id, ver }), ...options?.object };
    call("START", { duration: 0, ...data }, { ...options, object });
  },
  syncEvents: () => behind?.flush(),
  getFingerPrint: (callback) => callback?.(behind?.did ?? device(pocket(!navigator.globalPrivacyControl)), [], "v2"),
};

function call(eid, data, options) {
  if (!behind) return console.info("Please initialize Telemetry first.");
  // Pages change what they have configured as they go.
  const { authtoken: key, batchsize: batch, uid: actor, tags: always } = sdk.config;
  const tags = [...always, ...(options?.tags ?? current.tags ?? [])];
  behind.set({ key, batch, actor });
  behind.track(eid, data ?? {}, { ...current, ...options, tags });
}

for (const eid of EIDS.split(" ")) sdk[eid.toLowerCase()] = (data, options) => call(eid, data, options);
for (const part of ["Context", "Object", "Actor", "Tags"]) sdk[`reset${part}`] = (said) => (current[part.toLowerCase()] = said);

// As the npm package has it: isInitialized is no function there.
export const $t = Object.create(sdk, { isInitialized: { get: () => sdk.initialized } });

if (globalThis.document) {
  const early = globalThis.$t;
  sdk.$t = globalThis.$t = globalThis.EkTelemetry = globalThis.EkTelemetryClass = globalThis.Telemetry = sdk;
  if (Array.isArray(early)) for (const [method, ...said] of early) sdk[method](...said);
}
