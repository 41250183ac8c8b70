// The clouds of the process: made, forked, reset, deleted; and their snapshots.
import { html, link, moment, plural, count, usePlace, useState } from "./lib.js";
import { bytes, call, path, query, useData, useTicks } from "./api.js";
import { Act, Choice, Copy, Dialog, Empty, Form, Head, Loading, Problem, Sure, Table, Text } from "./parts.js";
import { authUrl } from "./connect.js";

const PROFILES = [
  ["instant", "instant: everything is ready at once"], ["realistic", "realistic: it takes what a real cloud takes"],
  ["manual", "manual: when you say so"],
];

export function Clouds() {
  const { clouds, refresh, say } = usePlace();
  const ticks = useTicks(4000);
  const snapshots = useData("/snapshots", ticks);
  const [open, setOpen] = useState(null);
  const changed = () => { refresh(); snapshots.reload(); setOpen(null); };
  const saved = snapshots.data?.snapshots || [];
  return html`<${Head} title="Clouds" about="Each is a whole cloud of its own, in this process. A fresh one takes milliseconds.">
      <button type="button" class="button primary" onClick=${() => setOpen({ kind: "create" })}>Create a cloud</button><//>
    <ul class="cards">${clouds.map(one => html`<li key=${one.name} class="card">
      <header><h2><a href=${link("c", one.name, "resources")}>${one.name}</a></h2><span class="tag">${one.profile}</span></header>
      <dl><div><dt>Auth URL</dt><dd><code>${authUrl(one.name)}</code></dd></div>
        ${one.regions.length > 1 && html`<div><dt>Regions</dt><dd>${one.regions.map((name, at) => html`<a key=${name} href=${link("c", at ? `${one.name}.${name}` : one.name, "resources")}>${name}</a> `)}</dd></div>`}
        <div><dt>Its clock</dt><dd>${moment(one.time)}${one.clock_rate !== 1 && html` <span class="tag">${one.clock_rate === 0 ? "stopped" : `× ${one.clock_rate}`}</span>`}</dd></div></dl>
      <div class="acts"><a class="button" href=${link("c", one.name, "connect")}>Connect</a>
        <button type="button" class="button" onClick=${() => setOpen({ kind: "save", cloud: one.name })}>Snapshot</button>
        <button type="button" class="button" onClick=${() => setOpen({ kind: "fork", cloud: one.name })}>Fork</button>
        <${Sure} sure="Reset it" done=${`${one.name} is as it was at first.`} run=${async () => { await call(path`/clouds/${one.name}/reset`, { method: "POST" }); refresh(); }}>Reset<//>
        ${one.name !== "default" && html`<${Sure} sure="Delete it" done=${`${one.name} is gone.`} run=${async () => { await call(path`/clouds/${one.name}`, { method: "DELETE" }); refresh(); }}>Delete<//>`}
      </div></li>`)}</ul>
    <section><h2 id="snapshots">Snapshots</h2>
      <p class="about">What a cloud is at a moment, under a name. Taking one and going back takes a millisecond.</p>
      <${Problem} error=${snapshots.error} />
      ${!snapshots.data ? html`<${Loading} />` : saved.length === 0
    ? html`<${Empty} title="No snapshots yet">Press Snapshot at a cloud, or <code>mopenstack snapshot save before</code>. Tests load one and begin from it.<//>`
    : html`<${Table} label="Snapshots" heads=${["Name", "Of the cloud", "Taken", "What for", { text: "Actions", hidden: true }]}>
        ${saved.map(one => html`<tr key=${one.name}><th scope="row">${one.name}</th><td>${one.cloud}</td><td class="nowrap">${moment(one.created_at)}</td><td>${one.description}</td>
          <td class="acts"><button type="button" class="button" onClick=${() => setOpen({ kind: "load", snapshot: one })}>Load</button>
            <button type="button" class="button" onClick=${() => setOpen({ kind: "diff", snapshot: one })}>Compare</button>
            <${Act} run=${() => keepFile(one.name)}>Save as a file<//>
            <${Sure} sure="Delete it" run=${async () => { await call(path`/snapshots/${one.name}`, { method: "DELETE" }); snapshots.reload(); }}>Delete<//></td></tr>`)}<//>`}</section>
    ${open?.kind === "create" && html`<${Create} snapshots=${saved} close=${() => setOpen(null)} made=${changed} />`}
    ${open?.kind === "fork" && html`<${Named} title=${`Fork ${open.cloud}`} about="A cloud that is what this one is now. From then on they share nothing." submit="Fork" close=${() => setOpen(null)}
      run=${async name => { await call(path`/clouds/${open.cloud}/fork`, { method: "POST", body: { name } }); say(`${name} is there.`); changed(); }} />`}
    ${open?.kind === "save" && html`<${Named} title=${`Snapshot of ${open.cloud}`} about="Its resources, transitions under way, clock, profile and options." submit="Save" described close=${() => setOpen(null)}
      run=${async (name, description) => { await call(path`/clouds/${open.cloud}/snapshots`, { method: "POST", body: { name, description } }); say(`Snapshot ${name} is saved.`); changed(); }} />`}
    ${open?.kind === "load" && html`<${Load} snapshot=${open.snapshot} close=${() => setOpen(null)} loaded=${changed} />`}
    ${open?.kind === "diff" && html`<${Diff} snapshot=${open.snapshot} close=${() => setOpen(null)} />`}`;
}

async function keepFile(name) {
  const url = URL.createObjectURL(await bytes(path`/snapshots/${name}/file`));
  Object.assign(document.createElement("a"), { href: url, download: `${name}.tar` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function Create({ snapshots, close, made }) {
  const { clouds, say } = usePlace();
  const [name, setName] = useState("");
  const [profile, setProfile] = useState("");
  const [source, setSource] = useState("");
  const create = async () => {
    await call("/clouds", { method: "POST", body: { name, ...(profile && { profile }), ...(source && { source }) } });
    say(`${name} is there.`);
    made();
  };
  const sources = [["", "the seed: users, flavors, an image, networks"],
    ...clouds.map(one => [`cloud:${one.name}`, `what ${one.name} is now`]), ...snapshots.map(one => [one.name, `the snapshot ${one.name}`])];
  return html`<${Dialog} title="Create a cloud" close=${close}><${Form} run=${create} submit="Create" disabled=${!name}>
    <${Text} label="Name" value=${name} set=${setName} autofocus hint="Lower-case letters, digits and dashes." />
    <${Choice} label="It begins with" value=${source} set=${setSource} options=${sources} />
    <${Choice} label="Profile" value=${profile} set=${setProfile} options=${[["", source ? "as there" : "instant"], ...PROFILES]} hint="How long it takes until what was asked for is done." />
  <//><//>`;
}

function Named({ title, about, submit, described = false, run, close }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  return html`<${Dialog} title=${title} close=${close}><p>${about}</p><${Form} run=${() => run(name, description)} submit=${submit} disabled=${!name}>
    <${Text} label="Name" value=${name} set=${setName} autofocus hint="Lower-case letters, digits and dashes." />
    ${described && html`<${Text} label="What for" value=${description} set=${setDescription} />`}
  <//><//>`;
}

function Load({ snapshot, close, loaded }) {
  const { clouds, say } = usePlace();
  const names = clouds.map(one => one.name);
  const [cloud, setCloud] = useState(names.includes(snapshot.cloud) ? snapshot.cloud : names[0]);
  const load = async () => {
    await call(path`/clouds/${cloud}/snapshots/${snapshot.name}/load`, { method: "POST" });
    say(`${cloud} is what ${snapshot.name} is.`);
    loaded();
  };
  return html`<${Dialog} title=${`Load ${snapshot.name}`} close=${close}><p>The cloud becomes what the snapshot is. What it was before is gone.</p>
    <${Form} run=${load} submit="Load"><${Choice} label="Cloud" value=${cloud} set=${setCloud} options=${names} /><//><//>`;
}

function Diff({ snapshot, close }) {
  const { clouds } = usePlace();
  const names = clouds.map(one => one.name);
  const [cloud, setCloud] = useState(names.includes(snapshot.cloud) ? snapshot.cloud : names[0]);
  const { data, error } = useData("/diff" + query({ before: snapshot.name, after: `cloud:${cloud}` }));
  const found = data?.differences || [];
  return html`<${Dialog} title=${`What has changed since ${snapshot.name}`} close=${close} wide>
    <${Choice} label="In the cloud" value=${cloud} set=${setCloud} options=${names} /><${Problem} error=${error} />
    ${!data ? !error && html`<${Loading} />` : found.length === 0 ? html`<${Empty} title="Nothing">The cloud is what the snapshot is.<//>`
    : html`<${Table} label="Differences" heads=${["", "Kind", "Resource", "Fields"]}>${found.slice(0, 200).map(one => html`<tr key=${one.kind + one.id}>
        <td><span class="tag ${one.change}">${one.change}</span></td><td>${plural(one.kind)}</td><th scope="row">${one.name || one.id}</th>
        <td>${one.change === "changed" ? one.fields.map(field => field.name).join(", ") : ""}</td></tr>`)}<//>
      ${found.length > 200 && html`<p class="about">${count(found.length - 200)} more: <code>mopenstack snapshot diff ${snapshot.name}</code></p>`}
      <div class="acts"><${Copy} text=${JSON.stringify(found, null, 2)} label="Copy as JSON" /></div>`}<//>`;
}
