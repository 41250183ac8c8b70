// The clock of a cloud, its profile, what is under way, and the rules about transitions.
import { html, clockTime, link, moment, short, usePlace, useEffect, useState, words } from "./lib.js";
import { call, path, useData, useTicks } from "./api.js";
import { Act, Choice, Dialog, Empty, Form, Head, Loading, Problem, Sure, Table, Text } from "./parts.js";

const STEPS = [[60, "1 minute"], [3600, "1 hour"], [86400, "1 day"], [2592000, "30 days"]];
const PROFILES = [["instant", "at once"], ["realistic", "after the time that a real cloud takes"], ["manual", "only when you say so"]];

export function Time() {
  const { cloud, about, number, refresh } = usePlace();
  const [turn, setTurn] = useState(0);
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState(""); // the profile that was chosen, until the cloud has it
  const [refused, setRefused] = useState(null);
  const ticks = useTicks(2000);
  useEffect(() => setAsked(""), [about?.profile]);
  const again = () => { setTurn(old => old + 1); refresh(); };
  const under = useData(path`/clouds/${cloud}/transitions`, `${number} ${turn} ${ticks}`);
  const rules = useData(path`/clouds/${cloud}/behaviours`, `${number} ${turn}`);
  const put = (what, body, method = "PUT") => async () => { await call(path`/clouds/${cloud}` + what, { method, body }); again(); };
  const choose = profile => async () => {
    setAsked(profile);
    setRefused(null);
    try { await put("/profile", { profile })(); } catch (error) { setAsked(""); setRefused(error); }
  };
  if (!about) return html`<${Loading} />`;
  return html`<${Head} title="Time and behaviour" about=${html`When what clients ask for is done, by the clock of <strong>${cloud}</strong>.`} />
    <div class="panels"><section class="panel"><h2 id="clock">Clock</h2><${Clock} about=${about} />
        <div class="acts">${STEPS.map(([seconds, text]) => html`<${Act} key=${seconds} run=${put("/clock/advance", { seconds }, "POST")} done=${`It is ${text} later.`}>+ ${text}<//>`)}</div>
        <div class="acts">${about.clock_rate === 0 ? html`<${Act} kind="primary" run=${put("/clock", { rate: 1 })}>Let it go on<//>` : html`<${Act} run=${put("/clock", { rate: 0 })}>Stop it<//>`}
          ${[1, 10, 60, 3600].filter(rate => rate !== about.clock_rate).map(rate => html`<${Act} key=${rate} run=${put("/clock", { rate })}>× ${rate}<//>`)}
          <${Act} run=${put("/clock", { time: new Date().toISOString(), rate: 1 })}>Real time<//></div></section>
      <section class="panel"><h2 id="profile">Transitions complete</h2><${Problem} error=${refused} />
        <div class="radios" role="radiogroup" aria-labelledby="profile">${PROFILES.map(([name, text]) => html`<label key=${name}><input type="radio" name="profile" value=${name} checked=${(asked || about.profile) === name} onChange=${choose(name)} /><span><strong>${name}</strong> ${text}</span></label>`)}</div></section></div>
    <section><h2 id="under">Under way</h2><${Problem} error=${under.error} />
      ${!under.data ? html`<${Loading} />` : under.data.transitions.length === 0 ? html`<${Empty} title="Nothing is under way">With the profile instant all is done before the next call. Choose realistic or manual to see resources being built.<//>`
    : html`<div class="acts"><${Act} kind="primary" run=${put("/complete", undefined, "POST")} done="All of it is done.">Complete all<//></div>
      <${Table} label="Transitions under way" heads=${["Resource", "Transition", "State", "Until", { text: "Actions", hidden: true }]}>${under.data.transitions.slice(0, 200).map(one => html`<tr key=${one.kind + one.id}>
        <th scope="row"><a href=${link("c", cloud, "resources", one.kind, one.id)}>${words(one.kind)} ${short(one.id)}</a></th><td>${words(one.name)}</td><td>${one.state}</td><td class="nowrap">${one.due ? moment(one.due) : "you say so"}</td>
        <td class="acts"><${Act} kind="quiet" run=${put(path`/resources/${one.kind}/${one.id}/complete`, {}, "POST")}>Next state<//><${Act} kind="quiet" run=${put(path`/resources/${one.kind}/${one.id}/complete`, { whole: true }, "POST")}>Complete<//></td></tr>`)}<//>`}</section>
    <section><h2 id="rules">Rules</h2><p class="about">Where the profile does not decide: kinds, names and transitions that take longer, wait, or fail.</p><${Problem} error=${rules.error} />
      <div class="acts"><button type="button" class="button" onClick=${() => setOpen(true)}>Add a rule</button>${rules.data?.behaviours.length > 0 && html`<${Sure} sure="Remove all" run=${put("/behaviours", undefined, "DELETE")}>Remove all<//>`}</div>
      ${!rules.data ? html`<${Loading} />` : rules.data.behaviours.length === 0 ? html`<${Empty} title="No rules">The next server could take a minute, or end in ERROR: add a rule.<//>`
    : html`<${Table} label="Rules" heads=${["About", "How", "Ends in error", { text: "Hits", number: true }, { text: "Actions", hidden: true }]}>${rules.data.behaviours.map(one => html`<tr key=${one.id}>
        <th scope="row">${words(one.kind)}${one.transition && `, ${words(one.transition).toLowerCase()}`}${one.name && html` named <code>${one.name}</code>`}</th><td>${how(one)}</td><td>${one.error}</td><td class="number">${one.hits}${one.times ? ` of ${one.times}` : ""}</td>
        <td class="acts"><${Act} kind="quiet" run=${put(path`/behaviours/${one.id}`, undefined, "DELETE")}>Remove<//></td></tr>`)}<//>`}</section>
    ${open && html`<${Add} close=${() => setOpen(false)} added=${() => { setOpen(false); again(); }} />`}`;
}

function how(rule) {
  if (rule.profile) return rule.profile;
  if (rule.reads) return `after ${rule.reads} reads`;
  if (rule.seconds !== undefined && rule.seconds !== null) return `${rule.seconds} s`;
  if (rule.distribution) return rule.distribution.shape;
  return "as the profile";
}

/** What the clock shows now, reckoned from what it showed when it was asked. */
function Clock({ about }) {
  const [at, setAt] = useState({ shown: Date.parse(about.time), real: Date.now(), rate: about.clock_rate });
  const [, setNow] = useState(0);
  useEffect(() => setAt({ shown: Date.parse(about.time), real: Date.now(), rate: about.clock_rate }), [about.time, about.clock_rate]);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const time = new Date(at.shown + (Date.now() - at.real) * at.rate);
  if (Number.isNaN(time.getTime())) return html`<p class="clock">${about.time}</p>`;
  const text = moment(time.toISOString());
  return html`<p class="clock"><time datetime=${time.toISOString()}><span>${text.slice(11)}</span><span class="day">${text.slice(0, 10)}</span></time></p>
    <p class="about">${at.rate === 0 ? "It stands still." : at.rate === 1 ? "As fast as ours." : `${at.rate} times as fast as ours.`}</p>`;
}

function Add({ close, added }) {
  const { cloud } = usePlace();
  const kinds = useData("/lifecycles");
  const [rule, setRule] = useState({ kind: "server", transition: "", name: "", way: "seconds", value: "30", error: "", times: "" });
  const set = name => value => setRule(old => ({ ...old, [name]: value }));
  const all = kinds.data?.lifecycles || [];
  const transitions = all.find(one => one.kind === rule.kind)?.transitions || [];
  const add = async () => {
    const behaviour = { kind: rule.kind };
    for (const name of ["transition", "name", "error"]) if (rule[name]) behaviour[name] = rule[name];
    if (rule.times) behaviour.times = Number(rule.times);
    if (rule.way === "seconds" || rule.way === "reads") behaviour[rule.way] = Number(rule.value);
    else if (rule.way) behaviour.profile = rule.way;
    await call(path`/clouds/${cloud}/behaviours`, { method: "POST", body: { behaviour } });
    added();
  };
  const numbered = rule.way === "seconds" || rule.way === "reads";
  return html`<${Dialog} title="Add a rule" close=${close} wide><${Form} run=${add} submit="Add"><${Problem} error=${kinds.error} />
    <fieldset><legend>About</legend><div class="row"><${Choice} label="Kind" value=${rule.kind} set=${set("kind")} options=${all.map(one => [one.kind, words(one.kind)])} />
      <${Choice} label="Transition" value=${rule.transition} set=${set("transition")} options=${[["", "all of them"], ...transitions.map(one => [one.name, words(one.name)])]} />
      <${Text} label="Name" value=${rule.name} set=${set("name")} placeholder="^web" hint="A regular expression; empty: any." /></div></fieldset>
    <fieldset><legend>How it goes</legend><div class="row"><${Choice} label="It completes" value=${rule.way} set=${set("way")} options=${[["seconds", "after seconds"], ["reads", "after reads"], ["manual", "when you say so"], ["instant", "at once"], ["realistic", "as in a real cloud"], ["", "as the profile says"]]} />
      ${numbered && html`<${Text} label=${rule.way === "reads" ? "Reads" : "Seconds"} value=${rule.value} set=${set("value")} inputmode="decimal" />`}
      <${Text} label="It ends in error with" value=${rule.error} set=${set("error")} placeholder="No valid host was found." hint="Empty: it succeeds." /><${Text} label="Times" value=${rule.times} set=${set("times")} inputmode="numeric" hint="Empty: always." /></div></fieldset><//><//>`;
}
