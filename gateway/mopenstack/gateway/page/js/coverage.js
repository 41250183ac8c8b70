// How much is served of what OpenStack documents, and what the suites of others say.
import { html, count, useRef } from "./lib.js";
import { useData, useTicks } from "./api.js";
import { Bar, Empty, Head, Loading, Problem, Table } from "./parts.js";
import { serviceName } from "./resources.js";

export function Coverage() {
  const found = useData("/coverage");
  const ticks = useTicks(5000);
  const checked = useRef(false);
  const answers = useData("/answers", checked.current ? ticks : 0);
  checked.current = Boolean(answers.data);
  const { services = [], suites = [] } = found.data || {};
  const documented = services.reduce((sum, one) => sum + one.documented, 0);
  const served = services.reduce((sum, one) => sum + one.served, 0);
  const passing = suites.reduce((sum, one) => sum + one.passing, 0);
  return html`<${Head} title="Coverage" about="What is served of what OpenStack documents, and which tests of others hold it to that." />
    <${Problem} error=${found.error} />
    ${!found.data ? !found.error && html`<${Loading} />` : html`
      <dl class="sums"><div><dt>Documented operations served</dt><dd>${count(served)} <span>of ${count(documented)}</span></dd></div>
        ${suites.length > 0 && html`<div><dt>Tests of others that pass and may not fail again</dt><dd>${count(passing)} <span>in ${suites.length} suites</span></dd></div>`}</dl>
      <section><h2 id="services">Services</h2><${Table} label="Services" heads=${["Service", { text: "Served", number: true }, { text: "Documented", number: true }, "Share", "Left out", "Microversions to", "Address"]}>
        ${services.map(one => html`<tr key=${one.service}><th scope="row">${serviceName(one.service)}</th><td class="number">${count(one.served)}</td><td class="number">${count(one.documented)}</td>
          <td class="share"><${Bar} value=${one.served} of=${one.documented} label=${`${one.served} of ${one.documented}`} /></td><td>${one.left_out.length ? html`<details><summary>${count(one.left_out.length)}</summary><ul class="plain">${one.left_out.map(line => html`<li key=${line}><code>${line}</code></li>`)}</ul></details>` : html`<span class="faint">nothing</span>`}</td>
          <td>${one.microversion || ""}</td><td><code>${one.prefix}</code></td></tr>`)}<//></section>
      <section><h2 id="suites">Scorecards</h2>${suites.length === 0 ? html`<${Empty} title="The suite is not installed"><code>pip install 'mopenstack[conformance]'</code><//>`
    : html`<p class="about">What these suites said last, as the lists of this version have it. <code>mopenstack conformance run</code> asks them anew.</p>
      <${Table} label="Suites" heads=${["Suite", { text: "Pass", number: true }, { text: "Known failures", number: true }, "Why they fail"]}>${suites.map(one => html`<tr key=${one.suite}><th scope="row">${one.suite}</th><td class="number">${count(one.passing)}</td><td class="number">${count(one.known_failing.length)}</td>
        <td>${one.known_failing.length > 0 && html`<details><summary>Reasons</summary><ul class="plain">${one.known_failing.map(known => html`<li key=${known.pattern}><code>${known.pattern}</code> ${known.reason}</li>`)}</ul></details>`}</td></tr>`)}<//>`}</section>
      <section><h2 id="answers">Answers of this process</h2>${answers.data ? html`<${Answers} report=${answers.data} />`
    : html`<${Empty} title="They are not checked">Start it with <code>mopenstack up --check-answers</code>, and each answer is held against the schemas that the services publish.<//>`}</section>`}`;
}

function Answers({ report }) {
  const wrong = [...(report.violations || []), ...(report.failures || [])];
  const driven = Object.keys(report.driven || {}).length;
  const declared = Object.keys(report.declared || {}).length;
  return html`<dl class="sums">${declared > 0 && html`<div><dt>Operations that clients have driven</dt><dd>${count(driven)} <span>of ${count(declared)}</span></dd></div>`}
      <div><dt>Answers that were not as published</dt><dd>${count(wrong.length)}</dd></div></dl>
    ${wrong.length > 0 && html`<ul class="plain">${wrong.map((one, at) => html`<li key=${at}><code>${typeof one === "string" ? one : JSON.stringify(one)}</code></li>`)}</ul>`}`;
}
