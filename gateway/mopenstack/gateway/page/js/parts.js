// The parts that views are made of.
import { html, mood, useEffect, useRef, useState, usePlace } from "./lib.js";

export const State = ({ state, task }) => state || task
  ? html`<span class="state ${mood(task || state)}"><span class="dot" aria-hidden="true"></span>${state}${task && html`<span class="task">${task}</span>`}</span>`
  : html`<span class="faint">none</span>`;

/** What is there when there is nothing: what it would be, and how it comes about. */
export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2><div>${children}</div></div>`;

export const Problem = ({ error }) => error && html`<p class="problem" role="alert">${error.message}</p>`;

export const Loading = () => html`<p class="loading" role="status">Loading</p>`;

export function Head({ title, about, children }) {
  useEffect(() => { document.title = `${title} · mopenstack`; }, [title]);
  return html`<header class="head"><div><h1>${title}</h1>${about && html`<p>${about}</p>`}</div><div class="acts">${children}</div></header>`;
}

/** A button that does something which may be refused: what the refusal says is told at the foot of the page. */
export function Act({ run, done, kind = "", disabled = false, children, ...more }) {
  const { say } = usePlace();
  const [busy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    try {
      const answer = await run();
      if (done && answer !== false) say(done);
    } catch (error) {
      say(error.message, "bad");
    } finally {
      setBusy(false);
    }
  };
  return html`<button type="button" class="button ${kind}" disabled=${disabled || busy} onClick=${press} ...${more}>${children}</button>`;
}

/** A second press does it: for what cannot be undone. */
export function Sure({ children, sure, ...more }) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return undefined;
    const timer = setTimeout(() => setAsked(false), 5000);
    return () => clearTimeout(timer);
  }, [asked]);
  if (!asked) return html`<button type="button" class="button quiet" onClick=${() => setAsked(true)}>${children}</button>`;
  return html`<${Act} kind="danger" ...${more}>${sure}<//>`;
}

export function Copy({ text, label = "Copy", what = "", plain = false }) {
  const { say } = usePlace();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? await text() : text);
      say("Copied.");
    } catch (error) {
      say(error.message || "The browser does not let the page copy.", "bad");
    }
  };
  return html`<button type="button" class=${plain ? "button" : "button quiet"} onClick=${copy} aria-label=${what ? `${label} ${what}` : label}>${label}</button>`;
}

/** Lines to copy. */
export const Lines = ({ text, label, what }) => html`
  <div class="lines"><pre tabindex="0" aria-label=${label}>${text}</pre><${Copy} text=${text} what=${what || label} /></div>`;

/** A JSON document; `marked` are the keys to point out. */
export function Json({ value, label, marked = [] }) {
  const text = JSON.stringify(value, null, 2);
  if (!marked.length) return html`<div class="lines"><pre tabindex="0" aria-label=${label}>${text}</pre><${Copy} text=${text} what=${label} /></div>`;
  const names = new Set(marked.map(one => one.replaceAll("[]", "").split(".").pop()));
  const rows = text.split("\n").map(line => {
    const key = /^\s*"([^"]+)":/.exec(line)?.[1];
    return key && names.has(key) ? html`<mark title="Nothing reads this field">${line}</mark>${"\n"}` : `${line}\n`;
  });
  return html`<div class="lines"><pre tabindex="0" aria-label=${label}>${rows}</pre><${Copy} text=${text} what=${label} /></div>`;
}

export function Field({ label, hint, children }) {
  return html`<label class="field"><span class="label">${label}</span>${children}${hint && html`<span class="hint">${hint}</span>`}</label>`;
}

export const Text = ({ label, value, set, hint, ...more }) => html`
  <${Field} label=${label} hint=${hint}><input type="text" autocomplete="off" spellcheck=${false} value=${value} onInput=${event => set(event.target.value)} ...${more} /><//>`;

/** A choice: options are words or [value, text]. */
export const Choice = ({ label, value, set, options, hint, ...more }) => html`
  <${Field} label=${label} hint=${hint}><select value=${value} onChange=${event => set(event.target.value)} ...${more}>
    ${options.map(one => (Array.isArray(one) ? one : [one, one])).map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
  </select><//>`;

/** A dialog of the browser's own: Escape closes it, and the focus stays in it. */
export function Dialog({ title, close, children, wide = false }) {
  const box = useRef(null);
  useEffect(() => {
    const { current } = box;
    current.showModal();
    return () => current.close();
  }, []);
  return html`<dialog ref=${box} class=${wide ? "wide" : ""} aria-labelledby="dialog-title" onClose=${close} onClick=${event => event.target === box.current && close()}>
    <div class="dialog"><header><h2 id="dialog-title">${title}</h2><button type="button" class="button quiet" onClick=${close}>Close</button></header>${children}</div></dialog>`;
}

/** A form that does not leave the page. */
export function Form({ run, done, submit, children, kind = "primary", disabled = false }) {
  const { say } = usePlace();
  const [state, setState] = useState({ busy: false, error: null });
  const send = async event => {
    event.preventDefault();
    setState({ busy: true, error: null });
    try {
      await run();
      setState({ busy: false, error: null });
      if (done) say(done);
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return html`<form class="form" onSubmit=${send}>${children}<${Problem} error=${state.error} />
    <div class="acts"><button type="submit" class="button ${kind}" disabled=${state.busy || disabled}>${submit}</button></div></form>`;
}

/** A table that may be wider than its place, and is reached by the keyboard then. */
export const Table = ({ label, heads, children, className = "" }) => html`
  <div class="table" role="region" aria-label=${label} tabindex="0"><table class=${className}><thead><tr>
    ${heads.map(one => html`<th scope="col" class=${one.number ? "number" : ""} aria-sort=${one.sorted}>${one.set
      ? html`<button type="button" class="sort" onClick=${one.set}>${one.text}<span aria-hidden="true">${one.sorted === "ascending" ? " ↑" : one.sorted === "descending" ? " ↓" : ""}</span></button>`
      : one.hidden ? html`<span class="unseen">${one.text}</span>` : one.text ?? one}</th>`)}
  </tr></thead><tbody>${children}</tbody></table></div>`;

/** Which part of so many is shown, and the others. */
export function Pages({ offset, limit, total, set }) {
  if (total <= limit && !offset) return null;
  const last = Math.min(offset + limit, total);
  return html`<nav class="pages" aria-label="Pages"><span>${(offset + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${total.toLocaleString("en")}</span>
    <button type="button" class="button" disabled=${offset === 0} onClick=${() => set(0)}>First</button>
    <button type="button" class="button" disabled=${offset === 0} onClick=${() => set(Math.max(0, offset - limit))}>Previous</button>
    <button type="button" class="button" disabled=${last >= total} onClick=${() => set(offset + limit)}>Next</button></nav>`;
}

/** A share as a bar: `of` below zero stands for no limit. */
export const Bar = ({ value, of, label, high = 1 }) => of < 0
  ? html`<span class="faint">no limit</span>`
  : html`<meter class="bar" min="0" max=${Math.max(of, 1)} high=${of * high} value=${Math.min(value, Math.max(of, 1))} aria-label=${label}>${value} of ${of}</meter>`;

/** One of several parts of a view; `tabs` are [key, text]. */
export function Tabs({ label, tabs, chosen, set, children }) {
  const keys = event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = tabs.findIndex(([key]) => key === chosen);
    const next = tabs[(at + step + tabs.length) % tabs.length][0];
    set(next);
    event.currentTarget.querySelector(`[data-tab="${next}"]`).focus();
  };
  return html`<div><div class="tabs" role="tablist" aria-label=${label} onKeyDown=${keys}>
    ${tabs.map(([key, text]) => html`<button type="button" role="tab" id=${`tab-${key}`} data-tab=${key} aria-selected=${key === chosen} aria-controls="tab-panel" tabindex=${key === chosen ? 0 : -1} onClick=${() => set(key)}>${text}</button>`)}
  </div><div role="tabpanel" id="tab-panel" aria-labelledby=${`tab-${chosen}`}>${children}</div></div>`;
}
