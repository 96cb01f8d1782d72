/** Types of footfall.js: user events from the browser, in Sunbird Telemetry V3. */

export type Json = Record<string, unknown>;

/** The application that sends (`pdata`). */
export interface Producer {
  id: string;
  ver?: string;
  pid?: string;
}

export interface Actor {
  id: string;
  type?: string | undefined;
}

/** What an event belongs to. */
export interface Correlation {
  type: string;
  id: string;
}

/** What an event is about (`object`). */
export interface Content {
  id?: string | undefined;
  type?: string | undefined;
  ver?: string | undefined;
  rollup?: unknown;
  parent?: unknown;
  subtype?: unknown;
}

export interface Context {
  channel?: string | undefined;
  env?: string | undefined;
  sid?: string | undefined;
  did?: string | undefined;
  cdata?: readonly Correlation[] | undefined;
  rollup?: unknown;
  pdata?: unknown;
}

/** What one event says differently; never of the events after it. */
export interface Options {
  actor?: { id?: string | undefined; type?: string | undefined } | string | undefined;
  object?: Content | undefined;
  context?: Context | undefined;
  tags?: readonly string[] | undefined;
  ets?: number | undefined;
  mid?: string | undefined;
  ver?: "3.0" | "3.1" | undefined;
  /** The same, as the Sunbird SDK calls it. */
  eventVer?: "3.0" | "3.1" | undefined;
}

/** What becomes of an event; a tab hears of its own, and of what it sent for tabs that are gone. */
export interface Fate {
  /** Empty where the event was not made. */
  mid: string;
  /**
   * `stored`: the server has it. `rejected`: the server judged it wrong; it lies aside. `dropped`: the oldest made way
   * in a full outbox. `invalid`: it is no event, or larger than 1 MiB.
   */
  fate: "stored" | "rejected" | "dropped" | "invalid";
  code?: string;
  path?: string;
  message?: string;
}

/** An event that was judged wrong; `event` is its JSON text. */
export interface Aside extends Fate {
  event: string;
}

export interface Counts {
  kept: number;
  stored: number;
  rejected: number;
  dropped: number;
  invalid: number;
  /** Requests that the server did not take. */
  retries: number;
}

/** A page as an IMPRESSION has it; null where there is nothing to tell of it. */
export type Impression = (location: Location) => Partial<ImpressionData> | null;

/** What may be changed by `set`. */
export interface Surroundings {
  actor?: Actor | string;
  env?: string;
  sid?: string;
  did?: string;
  object?: Content;
  cdata?: Correlation[];
  rollup?: Json;
  tags?: string[];
  /** The channel's public key. */
  key?: string;
}

export interface Config extends Surroundings {
  /** The collector, with or without a path; by default the server that this module came from. */
  endpoint?: string;
  /** By default the key's. */
  channel?: string;
  producer: Producer | string;
  /** Events that make a batch; 100, at most 1000. */
  batch?: number;
  /** Seconds that an event waits at most while the server can be reached; 5. */
  age?: number;
  /** Events that may wait; 10,000. The oldest make way. */
  maxEvents?: number;
  /** `memory`: nothing is kept on the device. */
  storage?: "memory";
  /** For a browser that signals Global Privacy Control: `off` (nothing is kept or sent), `anonymous`, or `ignore`. */
  gpc?: "off" | "anonymous" | "ignore";
  /** IMPRESSIONs of pages and of what the history API makes of them. */
  impressions?: true | Impression;
  /** Seconds to add to this device's clock. */
  timeDiff?: number;
  /** Takes batches instead of the server; what it throws or rejects is tried again. */
  dispatcher?: { dispatch(batch: Json): unknown };
  /** Sees each event before it is kept, and may change it. */
  onEvent?(event: Json): void;
}

interface Open {
  [more: string]: unknown;
}

export interface StartData extends Open {
  type: string;
  mode?: string;
  pageid?: string;
  duration?: number;
  loc?: string;
  dspec?: object;
  uaspec?: object;
}

export interface EndData extends Open {
  type: string;
  mode?: string;
  pageid?: string;
  contentId?: string;
  /** Replaced by the time since the START of the same type and mode, where there is one. */
  duration?: number;
  summary?: object[];
}

export interface ImpressionData extends Open {
  type: string;
  pageid: string;
  uri?: string;
  subtype?: string;
  duration?: number;
  visits?: object[];
}

export interface InteractData extends Open {
  type: string;
  id: string;
  subtype?: string;
  pageid?: string;
  duration?: number;
  target?: object;
  plugin?: object;
  extra?: object;
}

export interface AssessData extends Open {
  item: { id: string; [more: string]: unknown };
  pass?: "Yes" | "No";
  score?: number;
  resvalues?: object[];
  duration?: number;
  index?: number;
}

export interface ResponseData extends Open {
  target: { id: string; ver: string; type: string; parent?: object };
  type: string;
  values: object[];
  qid?: string;
}

export interface InterruptData extends Open {
  type: string;
  pageid?: string;
  eventid?: string;
}

export interface FeedbackData extends Open {
  rating?: number;
  comments?: string;
  commentid?: string;
  commenttxt?: string;
  contentId?: string;
}

export interface ShareData extends Open {
  items: object[];
  dir?: string;
  type?: string;
}

export interface AuditData extends Open {
  props?: string[];
  state?: string;
  prevstate?: string;
  type?: string;
  duration?: number;
}

export interface ErrorData extends Open {
  err: string;
  errtype: string;
  stacktrace: string;
  pageid?: string;
  object?: object;
  plugin?: object;
}

export interface LogData extends Open {
  type: string;
  level: string;
  message: string;
  pageid?: string;
  params?: object[];
}

export interface SearchData extends Open {
  query: string;
  size: number;
  type?: string;
  filters?: object;
  sort?: object;
  correlationid?: string;
  topn?: object[];
}

export interface SummaryData extends Open {
  type: string;
  starttime: number;
  endtime: number;
  timespent: number;
  pageviews: number;
  interactions: number;
  mode?: string;
  extra?: { id: string; value: string }[];
}

/** What each event says, by eid. */
export interface Data {
  START: StartData;
  END: EndData;
  IMPRESSION: ImpressionData;
  INTERACT: InteractData;
  ASSESS: AssessData;
  RESPONSE: ResponseData;
  INTERRUPT: InterruptData;
  FEEDBACK: FeedbackData;
  SHARE: ShareData;
  AUDIT: AuditData;
  ERROR: ErrorData;
  HEARTBEAT: Open;
  LOG: LogData;
  SEARCH: SearchData;
  METRICS: Open;
  SUMMARY: SummaryData;
  EXDATA: Open;
}

export type Eid = keyof Data;

/** V3's methods; each returns the event's mid, or an empty string where there is no event. */
export type Methods = {
  [E in Exclude<Eid, "START" | "HEARTBEAT"> as Lowercase<E>]: (data: Data[E], options?: Options) => string;
} & {
  start(config: StartConfig | null, contentId: string | null | undefined, contentVer: string | undefined, data: StartData, options?: Options): string;
  heartbeat(data?: object, options?: Options): string;
  track<E extends Eid>(eid: E, data: Data[E], options?: Options): string;
};

/** What V3's `start` takes first: what this event says differently. */
export interface StartConfig extends Context {
  uid?: string;
  actor?: Actor | string;
  tags?: string[];
  object?: Content;
}

/** Content that is played: its events are about it. END is sent once, at the latest when the page goes. */
export type Play = Omit<Methods, "end"> & {
  end(data?: Partial<EndData>): string;
};

export interface Session {
  readonly id: string;
  /** END before half an hour without events ends the session by itself. */
  end(data?: Partial<EndData>): string;
}

export type Tracker = Methods & {
  /** False where Global Privacy Control is heeded, outside of browsers, and after `stop`. */
  readonly isActive: boolean;
  /** The device's random id. */
  readonly did: string;
  readonly counts: Counts | undefined;
  /** START of a session, once in every session however many pages it has. */
  session(data?: Partial<StartData>, options?: Options): Session;
  play(content: Content & { id: string } | string, data?: Partial<StartData>, options?: Options): Play;
  /** For the events from now on. */
  set(changes: Surroundings): void;
  /** Returns what ends it. */
  on(name: "fate", listener: (fate: Fate) => void): () => void;
  /** Send now; whether everything was. */
  flush(): Promise<boolean>;
  /** The last hundred events that were judged wrong. */
  aside(): Promise<Aside[]>;
  /** Send what waits and end. With `forget`: send nothing more, and remove all that is kept on the device. */
  stop(options?: { forget?: boolean }): Promise<boolean>;
};

export function createTracker(config: Config): Tracker;

/** The Sunbird SDK's configuration. */
export interface TelemetryConfig {
  pdata?: { id: string; ver: string; pid?: string };
  env?: string;
  channel?: string;
  uid?: string;
  sid?: string;
  did?: string;
  authtoken?: string;
  batchsize?: number;
  mode?: string;
  host?: string;
  apislug?: string;
  endpoint?: string;
  tags?: string[];
  cdata?: Correlation[];
  rollup?: Json;
  object?: Content;
  dispatcher?: { dispatch(batch: any): unknown };
  enableValidation?: boolean;
  timeDiff?: number;
  runningEnv?: string;
  /** footfall's own, as for `createTracker`. */
  gpc?: Config["gpc"];
  impressions?: Config["impressions"];
  storage?: Config["storage"];
  maxEvents?: number;
  age?: number;
  [more: string]: unknown;
}

type Call = (data?: any, options?: Options) => void;

/** The Sunbird SDK, as the npm package has it; the global one has `isInitialized` as a function. */
export interface Telemetry extends Record<Exclude<Lowercase<Eid>, "start">, Call> {
  readonly isInitialized: boolean;
  readonly initialized: boolean;
  config: TelemetryConfig;
  initialize(config: TelemetryConfig): void;
  start(config: TelemetryConfig, contentId?: string, contentVer?: string, data?: any, options?: Options): Promise<void>;
  resetContext(context?: Context): void;
  resetObject(object?: Content): void;
  resetActor(actor?: Actor): void;
  resetTags(tags?: string[]): void;
  syncEvents(): Promise<boolean> | undefined;
  getFingerPrint(callback: (did: string, components: unknown[], version: string) => void): void;
}

export const $t: Telemetry;

export type GlobalTelemetry = Omit<Telemetry, "isInitialized"> & { isInitialized(): boolean };

declare global {
  var $t: GlobalTelemetry;
  var EkTelemetry: GlobalTelemetry;
  var Telemetry: GlobalTelemetry;
}
