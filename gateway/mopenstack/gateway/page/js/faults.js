// Calls that fail on request: rules with their hits, and scenarios with the dial of their load.
import { html, count, link, usePlace, useEffect, useRef, useState } from "./lib.js";
import { call, path, useData, useTicks } from "./api.js";
import { Act, Choice, Dialog, Empty, Field, Form, Head, Loading, Problem, Sure, Table, Text } from "./parts.js";

const EFFECTS = [
  ["error", "error: refused, nothing is done"], ["delay", "delay: late, and nothing else"], ["drop", "drop: no answer, nothing is done"],
  ["truncate", "truncate: done, half of the answer"], ["false_negative", "false negative: done, and an error is answered"],
  ["async_error", "async error: accepted, ends in error"], ["stuck", "stuck: accepted, never ends"], ["lost", "lost: accepted, and forgotten"],
];
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const START = { operation: "", service: "", method: "", path: "", project: "", resource: "", effect: "error", status: "", message: "", times: "1", after: "", probability: "", delay: "", retry_after: "" };
const NUMBERS = ["status", "times", "after", "probability", "delay", "retry_after"];

/** What a rule is about, in a few words. */
function about(rule) {
  const parts = [rule.operation, rule.service && `service ${rule.service}`, rule.methods.join(" "), rule.path, rule.project && `project ${rule.project}`,
    rule.user && `user ${rule.user}`, rule.resource && `resource ${rule.resource}`, rule.from_service && `from ${rule.from_service}`].filter(Boolean);
  return parts.join(", ") || "every call";
}

function does(rule) {
  const effect = (rule.effect || (rule.delay ? "delay" : "error")).replaceAll("_", " ");
  const parts = [rule.status && `${effect} ${rule.status}`, !rule.status && effect, rule.delay && effect !== "delay" && `after ${rule.delay} s`, rule.delay && effect === "delay" && `${rule.delay} s`,
    rule.probability !== undefined && rule.probability !== null && rule.probability < 1 && `on ${Math.round(rule.probability * 100)} %`, rule.times && `${rule.times} ×`, rule.after && `after ${rule.after}`];
  return parts.filter(Boolean).join(", ");
}

export function Faults() {
  const { cloud, number } = usePlace();
  const ticks = useTicks(1500);
  const [turn, setTurn] = useState(0);
  const [open, setOpen] = useState(false);
  const again = () => setTurn(old => old + 1);
  const faults = useData(path`/clouds/${cloud}/faults`, `${ticks} ${turn} ${number}`);
  const scenarios = useData(path`/clouds/${cloud}/scenarios`, `${turn} ${Math.floor(ticks / 3)}`);
  const rules = faults.data?.faults || [];
  return html`<${Head} title="Faults" about="Calls that fail, are late, break off or are forgotten, in each service's own words.">
      <button type="button" class="button primary" onClick=${() => setOpen(true)}>Add a fault</button>
      ${rules.length > 0 && html`<${Sure} sure="Remove all" run=${async () => { await call(path`/clouds/${cloud}/faults`, { method: "DELETE" }); again(); }}>Remove all<//>`}<//>
    <${Problem} error=${faults.error} />
    ${!faults.data ? !faults.error && html`<${Loading} />` : rules.length === 0
    ? html`<${Empty} title="Every call is answered as it should be">Add a fault, or start a scenario below: what does your Terraform do when the next two volumes fail?<//>`
    : html`<${Table} label="Faults" heads=${["Rule", "About", "What happens", { text: "Hits", number: true }, { text: "Matched", number: true }, { text: "Actions", hidden: true }]}>
      ${rules.map(one => html`<tr key=${one.id} class=${one.ended ? "ended" : ""}><th scope="row">${one.id}${one.scenario && html`<span class="id">${one.scenario}</span>`}</th><td>${about(one)}</td>
        <td>${does(one)}${one.message && html`<span class="id">${one.message}</span>`}</td><td class="number hits">${count(one.hits)}${one.times ? ` of ${one.times}` : ""}</td><td class="number">${count(one.matched)}</td>
        <td class="acts">${one.ended && html`<span class="tag">ended</span>`}<${Act} kind="quiet" aria-label=${`Remove ${one.id}`} run=${async () => { await call(path`/clouds/${cloud}/faults/${one.id}`, { method: "DELETE" }); again(); }}>Remove<//></td></tr>`)}<//>
      <p class="about">Calls that were struck carry the rule in the <a href=${link("c", cloud, "journal")}>journal</a>.</p>`}
    <section><h2 id="scenarios">Scenarios</h2><p class="about">Sets of rules by name. The dial says how strongly one runs.</p>
      <${Problem} error=${scenarios.error} />
      ${scenarios.data ? html`<ul class="cards scenarios">${scenarios.data.scenarios.map(one => html`<${Scenario} key=${one.name} one=${one} changed=${again} />`)}</ul>` : !scenarios.error && html`<${Loading} />`}</section>
    ${open && html`<${Add} close=${() => setOpen(false)} added=${() => { setOpen(false); again(); }} />`}`;
}

function Scenario({ one, changed }) {
  const { cloud, say } = usePlace();
  const [load, setLoad] = useState(one.load);
  const held = useRef(false);
  useEffect(() => { if (!held.current) setLoad(one.load); }, [one.load]);
  const send = async value => {
    held.current = false;
    try {
      if (value > 0) await call(path`/clouds/${cloud}/scenarios/${one.name}`, { method: "PUT", body: { load: value } });
      else if (one.load > 0) await call(path`/clouds/${cloud}/scenarios/${one.name}`, { method: "DELETE" });
      changed();
    } catch (error) { say(error.message, "bad"); setLoad(one.load); }
  };
  return html`<li class="card ${one.load ? "on" : ""}"><header><h3>${one.name}</h3>${one.service && html`<span class="tag">${one.service}</span>`}</header><p>${one.description}</p>
    <${Field} label=${html`Load <output>${load === 0 ? "off" : load}</output>`}><input type="range" min="0" max="100" step="5" value=${load} aria-label=${`Load of ${one.name}`}
      onInput=${event => { held.current = true; setLoad(Number(event.target.value)); }} onChange=${event => send(Number(event.target.value))} /><//></li>`;
}

function Add({ close, added }) {
  const { cloud, say } = usePlace();
  const [rule, setRule] = useState(START);
  const set = name => value => setRule(old => ({ ...old, [name]: value }));
  const add = async () => {
    const { method, ...rest } = rule;
    const fault = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== "").map(([name, value]) => [name, NUMBERS.includes(name) ? Number(value) : value]));
    if (method) fault.methods = [method];
    if (["delay", "drop", "async_error", "stuck", "lost"].includes(rule.effect)) delete fault.status;
    const answer = await call(path`/clouds/${cloud}/faults`, { method: "POST", body: { fault } });
    say(`${answer.fault.id} waits for its calls.`);
    added();
  };
  const text = (name, label, more = {}) => html`<${Text} label=${label} value=${rule[name]} set=${set(name)} ...${more} />`;
  return html`<${Dialog} title="Add a fault" close=${close} wide><${Form} run=${add} submit="Add">
    <fieldset><legend>Which calls</legend><div class="row">${text("operation", "Operation", { placeholder: "CreateVolume, Create*", autofocus: true })}${text("service", "Service", { placeholder: "cinder" })}
      <${Choice} label="Method" value=${rule.method} set=${set("method")} options=${[["", "any"], ...METHODS]} />${text("path", "Path", { placeholder: "/v2.1/servers/*" })}${text("project", "Project")}${text("resource", "Resource", { hint: "Name or id; * and ? stand for letters." })}</div></fieldset>
    <fieldset><legend>How often</legend><div class="row">${text("times", "Times", { inputmode: "numeric", hint: "Empty: always." })}${text("after", "After so many", { inputmode: "numeric" })}${text("probability", "Share", { inputmode: "decimal", hint: "0 to 1. Empty: all." })}</div></fieldset>
    <fieldset><legend>What happens</legend><div class="row"><${Choice} label="Effect" value=${rule.effect} set=${set("effect")} options=${EFFECTS} />${text("status", "Status", { inputmode: "numeric", placeholder: "500" })}
      ${text("message", "Message")}${text("delay", "Delay in seconds", { inputmode: "decimal" })}${text("retry_after", "Retry-After", { inputmode: "numeric" })}</div></fieldset><//><//>`;
}
