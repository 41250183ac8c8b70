// One resource: what its API answers, its history, its states, and the buttons that change them.
import { html, clockTime, link, moment, plural, usePlace, useState, words } from "./lib.js";
import { call, path, query, useData } from "./api.js";
import { Act, Choice, Empty, Head, Json, Loading, Problem, State, Table, Tabs } from "./parts.js";
import { Diagram } from "./diagram.js";
import { cloudPath } from "./connect.js";

export function Resource({ kind, id }) {
  const { cloud, number } = usePlace();
  const found = useData(path`/clouds/${cloud}/resources/${kind}/${id}`, number);
  const [tab, setTab] = useState("");
  const { resource, answer, stored, diagram } = found.data || {};
  const back = html`<p class="back"><a href=${link("c", cloud, "resources", kind)}>${plural(kind)}</a></p>`;
  if (found.error && !found.data) {
    return found.error.status === 404
      ? html`${back}<${Head} title="Gone" /><${Empty} title=${`This ${words(kind).toLowerCase()} is not there`}>It was deleted, or the cloud was reset. The <a href=${link("c", cloud, "journal")}>journal</a> may tell by which call.<//>`
      : html`${back}<${Problem} error=${found.error} />`;
  }
  if (!found.data) return html`<${Loading} />`;
  const gone = found.error?.status === 404;
  const tabs = [...(diagram ? [["states", "States"]] : []), ["answer", "As the API answers it"], ["history", "History"], ["stored", "As it is stored"]];
  const chosen = tabs.some(([key]) => key === tab) ? tab : tabs[0][0];
  return html`${back}<${Head} title=${resource.name || words(kind)} about=${html`<code>${id}</code>`}><${State} state=${gone ? "deleted" : resource.state} task=${resource.task} /><//>
    ${gone && html`<p class="problem" role="alert">It was deleted just now. This is what it was.</p>`}
    <dl class="facts"><div><dt>Kind</dt><dd>${words(kind)}</dd></div>
      ${resource.project && html`<div><dt>Project</dt><dd>${resource.project_name || resource.project}</dd></div>`}
      <div><dt>Created</dt><dd>${moment(resource.created_at) || "not kept"}</dd></div>
      ${resource.updated_at && html`<div><dt>Updated</dt><dd>${moment(resource.updated_at)}</dd></div>`}</dl>
    <${Tabs} label="About the resource" tabs=${tabs} chosen=${chosen} set=${setTab}>
      ${chosen === "states" && html`<${States} kind=${kind} id=${id} diagram=${diagram} changed=${found.reload} />`}
      ${chosen === "answer" && (answer ? html`<p class="request"><code>${answer.request.replace(" ", ` ${cloudPath(cloud)}`)}</code>${answer.microversion && html` at microversion ${answer.microversion}`}, for an admin</p><${Json} value=${answer.document} label="Answer" />`
    : html`<${Empty} title="No call shows it alone">The service has no operation that answers one of these. See how it is stored.<//>`)}
      ${chosen === "history" && html`<${History} id=${id} />`}
      ${chosen === "stored" && html`<p class="request">The message in the store, by the names in the .proto. Secrets are blanked.</p><${Json} value=${stored} label="Stored message" />`}
    <//>`;
}

function States({ kind, id, diagram, changed }) {
  const { cloud, say } = usePlace();
  const [state, setState] = useState("");
  const error = diagram.states.find(one => /^error$/i.test(one)) || diagram.states.find(one => /error|fail/i.test(one));
  const others = diagram.states.filter(one => one !== diagram.state);
  const to = others.includes(state) ? state : others[0] || "";
  const force = async word => {
    await call(path`/clouds/${cloud}/resources/${kind}/${id}/state`, { method: "PUT", body: { state: word } });
    say(`It is ${word} now.`);
    changed();
  };
  const complete = async whole => {
    const answer = await call(path`/clouds/${cloud}/resources/${kind}/${id}/complete`, { method: "POST", body: { whole } });
    say(answer.transition ? `It is ${answer.transition.state} now.` : "It is done.");
    changed();
  };
  const under = diagram.under_way;
  const possible = diagram.actions.filter(one => one.possible);
  return html`<div class="states">
    <div class="panel"><h2>Now</h2><p class="now"><${State} state=${diagram.state} task=${diagram.task} /></p>
      ${under ? html`<p>Under way: <strong>${words(under.action)}</strong>${under.due ? html`, until ${clockTime(under.due)}` : html`, waits to be led on`}</p>
          <div class="acts"><${Act} run=${() => complete(false)}>Next state<//><${Act} kind="primary" run=${() => complete(true)}>Complete it<//></div>`
    : html`<p class="faint">Nothing is under way with it.</p>`}
      <div class="acts end"><${Choice} label="Force it into" value=${to} set=${setState} options=${others} /><${Act} run=${() => force(to)} disabled=${!to}>Force<//>
        ${error && error !== diagram.state && html`<${Act} kind="danger" run=${() => force(error)}>Force into ${error}<//>`}</div></div>
    <${Diagram} diagram=${diagram} />
    <h2>What may follow</h2>
    ${possible.length === 0 ? html`<${Empty} title="Nothing">No action of a client may begin in this state.<//>`
    : html`<${Table} label="Actions that may follow" heads=${["Action", "Passes through", "Ends as", "If it fails", { text: "Real seconds", number: true }]}>
      ${possible.map(one => html`<tr key=${one.name}><th scope="row">${words(one.name)}</th><td>${one.steps.join(", ")}</td><td>${one.to ? html`<${State} state=${one.to} />` : html`<span class="faint">it depends</span>`}</td>
        <td>${one.seconds ? one.error : ""}</td><td class="number">${one.seconds || ""}</td></tr>`)}<//>`}</div>`;
}

function History({ id }) {
  const { cloud, number } = usePlace();
  const calls = useData(path`/clouds/${cloud}/journal/calls` + query({ path: id, limit: 200 }), number);
  const found = [...(calls.data?.calls || [])].reverse();
  if (calls.error) return html`<${Problem} error=${calls.error} />`;
  if (!calls.data) return html`<${Loading} />`;
  if (!found.length) return html`<${Empty} title="No calls about it yet">The journal keeps the newest calls that name it. A creation has no id in its path: look for it in the <a href=${link("c", cloud, "journal")}>journal</a>.<//>`;
  return html`<${Table} label="Calls about it" heads=${["When", "Call", "Who", { text: "Status", number: true }]}>${found.map(one => html`<tr key=${one.id}>
    <td class="nowrap">${moment(one.time)}</td><th scope="row"><a href=${link("c", cloud, "journal", one.id)}>${one.operation.split(".").pop() || one.method}</a><span class="id">${one.method} ${one.path}</span></th>
    <td>${one.user_name}</td><td class="number"><span class=${one.status >= 400 ? "bad" : ""}>${one.status || one.code}</span></td></tr>`)}<//>`;
}
