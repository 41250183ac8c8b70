// What a project may have, and what it uses.
import { html, count, usePlace, useState, words } from "./lib.js";
import { path, useData } from "./api.js";
import { Bar, Choice, Empty, Head, Loading, Problem, Table } from "./parts.js";
import { serviceName } from "./resources.js";

export function Quotas() {
  const { cloud, project, setProject, projects, number } = usePlace();
  const [every, setEvery] = useState("used");
  const of = project || projects.find(one => one.name === "demo")?.id || projects[0]?.id || "";
  const found = useData(of ? path`/clouds/${cloud}/quotas/${of}` : null, number);
  const all = found.data?.quotas || [];
  const shown = all.filter(one => every === "all" || Number(one.used) > 0);
  const services = [...new Set(shown.map(one => one.service))];
  return html`<${Head} title="Quotas" about="Limits of a project in every service, and what it uses of them. They are enforced as the services do." />
    <div class="row filters"><${Choice} label="Project" value=${of} set=${setProject} options=${projects.map(one => [one.id, one.name])} />
      <${Choice} label="Show" value=${every} set=${setEvery} options=${[["used", "what is in use"], ["all", "everything that is limited"]]} /></div>
    <${Problem} error=${found.error} />
    ${!found.data ? !found.error && html`<${Loading} />` : shown.length === 0 ? html`<${Empty} title="Nothing is in use">The project has nothing that counts yet. Show everything that is limited to see what it may have.<//>`
    : html`<div class="columns">${services.map(service => html`<section key=${service}><h2>${serviceName(service)}</h2>
      <${Table} label=${`Quotas of ${serviceName(service)}`} heads=${["Resource", { text: "Used", number: true }, { text: "Limit", number: true }, "Share"]}>${shown.filter(one => one.service === service).map(one => html`<tr key=${one.resource}>
        <th scope="row">${words(one.resource)}</th><td class="number">${count(one.used)}</td><td class="number">${Number(one.limit) < 0 ? html`<span class="faint">none</span>` : count(one.limit)}</td>
        <td class="share"><${Bar} value=${Number(one.used)} of=${Number(one.limit)} high=${0.9} label=${`${words(one.resource)}: ${one.used} of ${one.limit}`} /></td></tr>`)}<//></section>`)}</div>`}`;
}
