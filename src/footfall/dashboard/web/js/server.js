// Talking to the server: one poll loop a panel, one shared idea of whether the server is there.
import { useEffect, useRef, useState } from "preact/hooks";

// A value that every panel may set, and the page shows.
function shared(value) {
  const watchers = new Set();
  const set = (next) => {
    if (JSON.stringify(next) === JSON.stringify(value)) return;
    value = next;
    watchers.forEach((watch) => watch(value));
  };
  const use = () => {
    const [state, setState] = useState(value);
    useEffect(() => {
      watchers.add(setState);
      setState(value);
      return () => watchers.delete(setState);
    }, []);
    return state;
  };
  return [set, use];
}

const [setTrouble, useTrouble] = shared(null);
const [setRemarks, useRemarks] = shared([]);
export { useRemarks, useTrouble };

export class Refused extends Error {}

export function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

// JSON of a path; throws Refused for a reply that trying again will not change, or not soon.
export async function ask(path, signal) {
  let reply;
  try {
    reply = await fetch(path, { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (error.name !== "AbortError") setTrouble("The server cannot be reached. Trying again …");
    throw error;
  }
  if (reply.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new Refused("Log in first.");
  }
  if (reply.status === 503) {
    const { code, message, hint } = (await reply.json().catch(() => null))?.result ?? {};
    if (code === "exhausted" || code === "lake_damaged") throw new Refused(`${message} ${hint}`);
  }
  if (reply.status >= 500 || reply.status === 429) {
    setTrouble("The server has trouble answering. Trying again …");
    throw new Error(`${reply.status}`);
  }
  const body = await reply.json();
  setTrouble(null);
  if (body?.remarks) setRemarks(body.remarks);
  if (!reply.ok) throw new Refused(body?.result?.message ?? `The server said ${reply.status}.`);
  return body;
}

// Ask again and again while the page is seen. The last answer stays until the next is there, so nothing flickers.
export function usePoll(path, seconds) {
  const [state, setState] = useState({ data: null, problem: null, path: null });
  const again = useRef(() => {});
  useEffect(() => {
    const control = new AbortController();
    let timer = null;
    let busy = false;
    const turn = async () => {
      clearTimeout(timer);
      if (busy || !path) return;
      busy = true;
      try {
        const data = await ask(path, control.signal);
        if (!control.signal.aborted) setState({ data, problem: null, path });
      } catch (error) {
        if (control.signal.aborted) return;
        if (error instanceof Refused) setState({ data: null, problem: error.message, path });
      } finally {
        busy = false;
      }
      if (!document.hidden && !control.signal.aborted) timer = setTimeout(turn, seconds * 1000);
    };
    const wake = () => !document.hidden && turn();
    document.addEventListener("visibilitychange", wake);
    again.current = turn;
    turn();
    return () => {
      control.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [path, seconds]);
  return { ...state, stale: state.path !== path, refresh: () => again.current() };
}

export function useNow(seconds) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return now;
}
