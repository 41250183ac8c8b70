// What every module of the page uses: markup, hooks, and small functions that format values.
import { h, render, createContext } from "../vendor/preact.mjs";
import {
  useState, useEffect, useRef, useMemo, useCallback, useContext, useLayoutEffect, useErrorBoundary,
} from "../vendor/preact-hooks.mjs";
import htm from "../vendor/htm.mjs";

export const html = htm.bind(h);
export {
  render, createContext, useState, useEffect, useRef, useMemo, useCallback, useContext, useLayoutEffect, useErrorBoundary,
};

/** What views know of the place where they are: {cloud, project, setProject, number, time, go, say}. */
export const Place = createContext({ say: () => {} });
export const usePlace = () => useContext(Place);

/** An address of the page: link("c", "default", "resources"). */
export const link = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

const stamp = new Intl.DateTimeFormat("en-GB", {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** A moment as people read it, in their own time zone. */
export function moment(text) {
  const date = text ? new Date(text) : null;
  if (!date || Number.isNaN(date.getTime())) return "";
  const part = Object.fromEntries(stamp.formatToParts(date).map(one => [one.type, one.value]));
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`;
}

/** The time of day of a moment, with milliseconds. */
export function clockTime(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : `${moment(text).slice(11)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** "load_balancer_listener" as "Load balancer listener". */
export function words(name) {
  const text = name.replaceAll("_", " ").replace(/\bip\b/, "IP").replace(/^./, letter => letter.toUpperCase());
  return text.replace("Floatingip", "Floating IP").replace("Subnetpool", "Subnet pool");
}

/** The plural of what `words` gives, as a heading. */
export function plural(name) {
  const text = words(name);
  if (/[^aeiou]y$/.test(text)) return `${text.slice(0, -1)}ies`;
  return /(s|x|ch)$/.test(text) ? `${text}es` : `${text}s`;
}

export const count = number => Number(number).toLocaleString("en");
export const short = id => (id && id.length > 13 ? `${id.slice(0, 8)}` : id);

/** Which colour tells a state: good, busy, bad, or none. */
export function mood(state) {
  const word = (state || "").toLowerCase();
  if (/error|fail|killed|dead/.test(word)) return "bad";
  if (/active|available|in-use|in_use|online|complete|success|up$|issued|enabled|queued$/.test(word)) return "good";
  if (/build|ing$|pending|spawn|resize|migrat|reboot|verify|saving|schedul/.test(word)) return "busy";
  return "calm";
}

/** A value that calls `then` only after it has been still for a while. */
export function useStill(value, milliseconds = 250) {
  const [still, setStill] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setStill(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return still;
}
