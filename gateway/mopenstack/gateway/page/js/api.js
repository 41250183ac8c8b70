// Calls of the admin API. The admin token, where one is needed, is kept for this tab alone (sessionStorage).
import { useState, useEffect, useRef, useCallback } from "./lib.js";

const ROOT = "/_mopenstack";
const KEY = "mopenstack-admin-token";
let asked = () => {};

/** Have a function called when a call needs the admin token. */
export const onTokenNeeded = listener => { asked = listener; };
export const keepToken = token => sessionStorage.setItem(KEY, token.trim());

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

function headers(more = {}) {
  const token = sessionStorage.getItem(KEY);
  return { Accept: "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}), ...more };
}

/** The path of a call: path`/clouds/${name}`, each part encoded. */
export const path = (texts, ...parts) =>
  texts.reduce((made, text, index) => made + encodeURIComponent(parts[index - 1]) + text);

/** A query: parameters without a value are left out, lists repeated. */
export function query(parameters) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== "" && one !== undefined && one !== null && one !== false) found.append(name, one);
    }
  }
  const text = found.toString();
  return text ? `?${text}` : "";
}

async function request(target, { method = "GET", body, signal, accept } = {}) {
  const options = { method, signal, headers: headers(accept ? { Accept: accept } : {}), cache: "no-store" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(ROOT + target, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "mopenstack does not answer. Is it still running?");
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401) asked();
  throw new Refused(answer.status, problem.detail || `${answer.status} ${answer.statusText}`);
}

/** The JSON document of an answer; null where it has none. */
export async function call(target, options) {
  const answer = await request(target, options);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

/** The text, and the bytes, of an answer. */
export const text = async (target, options) => (await request(target, { ...options, accept: "*/*" })).text();
export const bytes = async target => (await request(target, { accept: "*/*" })).blob();

/** Follow server-sent events: each one's data is given to `told`; goes on after a break, until the signal. */
export async function follow(target, { signal, told, last = () => "", ended = () => {} }) {
  while (!signal.aborted) {
    try {
      const answer = await fetch(ROOT + target, {
        signal, headers: headers({ Accept: "text/event-stream", ...(last() ? { "Last-Event-ID": String(last()) } : {}) }),
      });
      if (answer.status === 401) asked();
      if (!answer.ok) throw new Refused(answer.status, (await answer.json().catch(() => ({}))).detail || "Refused.");
      ended(null);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        rest += value;
        const events = rest.split("\n\n");
        rest = events.pop();
        for (const event of events) {
          const data = event.split("\n").filter(line => line.startsWith("data:")).map(line => line.slice(5)).join("\n");
          if (data) told(JSON.parse(data));
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      ended(error);
      if (error instanceof Refused && error.status >= 400) return;
    }
    await new Promise(done => { setTimeout(done, 1000); });
  }
}

/** {data, error, loading, reload} of a GET: asked again when the path or `change` is another one. */
export function useData(target, change = 0) {
  const [state, setState] = useState({ target: null, data: null, error: null });
  const [turn, setTurn] = useState(0);
  const running = useRef(null);
  useEffect(() => {
    if (!target) return undefined;
    const stop = new AbortController();
    running.current = stop;
    call(target, { signal: stop.signal }).then(
      data => setState({ target, data, error: null }),
      error => { if (error.name !== "AbortError") setState(old => ({ target, data: old.target === target ? old.data : null, error })); },
    );
    return () => stop.abort();
  }, [target, change, turn]);
  const reload = useCallback(() => setTurn(old => old + 1), []);
  return { data: state.data, error: state.error, loading: state.target !== target && !state.error, reload };
}

/** A number that grows so often, while the tab is looked at. */
export function useTicks(milliseconds) {
  const [ticks, setTicks] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) setTicks(old => old + 1); }, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return ticks;
}

/** {number, time} of a cloud: another number as soon as something in it has changed. */
export function useChanges(cloud) {
  const [told, setTold] = useState({ number: 0, time: "" });
  useEffect(() => {
    if (!cloud) return undefined;
    const stop = new AbortController();
    (async () => {
      let after = -1;
      while (!stop.signal.aborted) {
        try {
          const answer = await call(path`/clouds/${cloud}/changes` + query({ after: Math.max(after, 0), seconds: after < 0 ? 0 : 20 }), { signal: stop.signal });
          if (answer.number !== after) setTold(answer);
          after = answer.number;
          await new Promise(done => { setTimeout(done, 120); });
        } catch (error) {
          if (stop.signal.aborted) return;
          await new Promise(done => { setTimeout(done, 2000); });
        }
      }
    })();
    return () => stop.abort();
  }, [cloud]);
  return told;
}
