// Tables of resources: kinds by service, one page of a kind, searched and sorted by the process.
import { html, count, link, moment, plural, short, usePlace, useEffect, useState, useStill, words } from "./lib.js";
import { path, query, useData } from "./api.js";
import { Choice, Empty, Head, Loading, Pages, Problem, State, Table, Text } from "./parts.js";

const LIMIT = 50;
/** Kind -> fields of the stored message that its table shows beside the usual columns: [name, heading]. */
const COLUMNS = {
  server: [["host", "Host"], ["key_name", "Key"]],
  network: [["network_type", "Type"], ["mtu", "MTU"]],
  subnet: [["cidr", "Range"], ["gateway_ip", "Gateway"]],
  port: [["fixed_ips", "Addresses"], ["device_owner", "Owner"]],
  floatingip: [["floating_ip_address", "Address"], ["fixed_ip_address", "Leads to"]],
  volume: [["size", "GiB"], ["volume_type", "Type"]],
  image: [["disk_format", "Format"], ["visibility", "Visible"]],
  flavor: [["vcpus", "vCPUs"], ["ram", "MiB"], ["disk", "GiB"]],
  security_group_rule: [["direction", "Direction"], ["protocol", "Protocol"], ["remote_ip_prefix", "From"]],
  load_balancer: [["vip_address", "VIP"], ["provider", "Provider"]],
  recordset: [["type", "Type"], ["records", "Records"]],
  endpoint: [["interface", "Interface"], ["url", "URL"]],
  agent: [["agent_type", "Type"], ["host", "Host"]],
};
const SERVICES = {
  compute: "Compute", network: "Network", volume: "Block storage", image: "Images", identity: "Identity",
  load_balancer: "Load balancers", object_store: "Object store", dns: "DNS", key_manager: "Key manager",
  orchestration: "Orchestration", shared_file_system: "Shared file systems", container_infra: "Container clusters",
  database: "Databases", workflow: "Workflows", placement: "Placement",
};
const ORDER = Object.keys(SERVICES);
const rank = service => (ORDER.includes(service) ? ORDER.indexOf(service) : ORDER.length);
export const serviceName = service => SERVICES[service] || words(service);

export function cell(value) {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(one => one?.ip_address || (typeof one === "object" ? JSON.stringify(one) : one)).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function ProjectChoice() {
  const { project, setProject, projects } = usePlace();
  return html`<${Choice} label="Project" value=${project} set=${setProject} options=${[["", "all projects"], ...projects.map(one => [one.id, one.name])]} />`;
}

export function Resources({ rest }) {
  const { cloud, project, number, go } = usePlace();
  const kinds = useData(path`/clouds/${cloud}/resources` + query({ project }), number);
  const [every, setEvery] = useState(false);
  const all = kinds.data?.kinds || [];
  const kind = rest[0] || "server";
  const chosen = all.find(one => one.kind === kind);
  const shown = all.filter(one => every || Number(one.count) > 0 || one.kind === kind);
  const services = [...new Set(shown.map(one => one.service))].sort((one, other) => rank(one) - rank(other) || one.localeCompare(other));
  const listed = service => shown.filter(one => one.service === service);
  return html`<${Head} title="Resources" about=${html`What <strong>${cloud}</strong> holds. It follows by itself what clients do.`} />
    <${Problem} error=${kinds.error} />
    ${!kinds.data ? !kinds.error && html`<${Loading} />` : html`<div class="split">
      <div class="kinds">
        <div class="narrow"><${Choice} label="Kind" value=${kind} set=${value => go("c", cloud, "resources", value)}
          options=${services.flatMap(service => listed(service).map(one => [one.kind, `${plural(one.kind)} (${count(one.count)})`]))} /></div>
        <nav aria-label="Kinds of resources">${services.map(service => html`<section key=${service}><h2>${serviceName(service)}</h2><ul>
          ${listed(service).map(one => html`<li key=${one.kind}><a href=${link("c", cloud, "resources", one.kind)} aria-current=${one.kind === kind ? "page" : undefined}><span>${plural(one.kind)}</span><span class="count">${count(one.count)}</span></a></li>`)}
        </ul></section>`)}</nav>
        <button type="button" class="button quiet" aria-pressed=${every} onClick=${() => setEvery(!every)}>${every ? "Only what there is" : "All kinds"}</button>
      </div>
      ${chosen ? html`<${Kind} key=${kind} kind=${chosen} />` : html`<${Empty} title="No such kind">No service of this process has resources of the kind ${kind}.<//>`}</div>`}`;
}

function Kind({ kind }) {
  const { cloud, project, number } = usePlace();
  const [search, setSearch] = useState("");
  const [state, setState] = useState("");
  const [sort, setSort] = useState("name");
  const [offset, setOffset] = useState(0);
  const still = useStill(search);
  useEffect(() => setOffset(0), [still, state, sort, project]);
  const columns = COLUMNS[kind.kind] || [];
  const page = useData(path`/clouds/${cloud}/resources/${kind.kind}` + query({
    project, search: still, state, sort, offset: offset || "", limit: LIMIT, fields: columns.map(([name]) => name),
  }), number);
  const { resources = [], total = 0, states = [] } = page.data || {};
  useEffect(() => { if (page.data && offset && offset >= total) setOffset(0); }, [page.data]);
  const head = (name, text) => ({
    text, set: () => setSort(sort === name ? `-${name}` : name),
    sorted: sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined,
  });
  const has = kind.states.length > 0 || states.length > 0;
  const heads = [head("name", "Name"), ...(has ? [head("state", "State")] : []), ...columns.map(([, text]) => text),
    ...(kind.owned && !project ? [head("project", "Project")] : []), head("created_at", "Created")];
  return html`<section class="kind"><h2 id="kind">${plural(kind.kind)}</h2>
    <div class="row filters search"><${Text} label="Search" type="search" value=${search} set=${setSearch} placeholder="Name, id or address" />
      ${has && html`<${Choice} label="State" value=${state} set=${setState} options=${[["", "any"], ...new Set([...states, ...(state ? [state] : [])])]} />`}
      <${ProjectChoice} /></div>
    <${Problem} error=${page.error} />
    ${!page.data ? !page.error && html`<${Loading} />` : total === 0
    ? still || state ? html`<${Empty} title="Nothing fits">No ${plural(kind.kind).toLowerCase()} have this name and state${project ? " in this project" : ""}.<//>`
      : html`<${Empty} title=${`No ${plural(kind.kind).toLowerCase()} yet`}>As soon as a client makes one, it is here: <a href=${link("c", cloud, "connect")}>how to connect</a>.<//>`
    : html`<${Table} label=${plural(kind.kind)} heads=${heads}>${resources.map(one => html`<tr key=${one.id}>
        <th scope="row"><a href=${link("c", cloud, "resources", kind.kind, one.id)}>${one.name || short(one.id)}</a>${one.name && one.name !== one.id && html`<span class="id">${short(one.id)}</span>`}</th>
        ${has && html`<td><${State} state=${one.state} task=${one.task} /></td>`}
        ${columns.map(([name]) => html`<td key=${name}>${cell(one.fields?.[name])}</td>`)}
        ${kind.owned && !project && html`<td>${one.project_name || short(one.project)}</td>`}
        <td class="nowrap">${moment(one.created_at)}</td></tr>`)}<//>
      <${Pages} offset=${offset} limit=${LIMIT} total=${total} set=${setOffset} />`}</section>`;
}
