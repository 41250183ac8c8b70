// The networks of a cloud as a picture, that can be moved, made larger, and clicked through.
import { html, link, mood, useEffect, useMemo, useRef, usePlace, useState } from "./lib.js";
import { path, query, useData } from "./api.js";
import { Empty, Head, Loading, Problem } from "./parts.js";
import { ProjectChoice } from "./resources.js";
import { Graph, layout } from "../vendor/dagre.mjs";
import Panzoom from "../vendor/panzoom.mjs";

const LIMIT = 1000;
/** Of so many devices of a kind at one network only the number is drawn. */
const SINGLE_MAX = 40;
const NEEDED = {
  network: ["external", "network_type"],
  subnet: ["network_id", "cidr", "gateway_ip"],
  port: ["network_id", "device_id", "device_owner", "fixed_ips"],
  router: ["gw_port_id"],
  server: [],
  load_balancer: ["vip_port_id", "vip_address", "vip_network_id"],
  floatingip: ["floating_ip_address", "floating_network_id", "port_id", "router_id"],
};
const KIND_WORDS = { network: "Network", router: "Router", server: "Server", load_balancer: "Load balancer", floatingip: "Floating IP", port: "Port", many: "" };

function useKinds(cloud, project, number) {
  // Networks of other projects are fetched too: the external one is an admin's.
  const of = kind => path`/clouds/${cloud}/resources/${kind}` + query({ project: kind === "network" || kind === "subnet" ? "" : project, limit: LIMIT, fields: NEEDED[kind] });
  const answers = Object.fromEntries(Object.keys(NEEDED).map(kind => [kind, useData(of(kind), number)]));
  const all = Object.values(answers);
  const error = all.map(one => one.error).find(one => one && one.status !== 400);
  return {
    error, ready: all.every(one => one.data || one.error),
    found: Object.fromEntries(Object.entries(answers).map(([kind, one]) => [kind, one.data?.resources || []])),
    cut: all.some(one => (one.data?.total || 0) > LIMIT),
  };
}

/** Nodes and the lines between them: a port is a line from what it belongs to, to its network. */
export function connected(found, project) {
  const nodes = new Map();
  const lines = [];
  const add = (kind, one, about = []) => nodes.set(one.id, { id: one.id, kind, name: one.name || one.fields?.floating_ip_address || one.id.slice(0, 8), state: one.state, task: one.task, about });
  for (const one of found.network) {
    add("network", one, found.subnet.filter(subnet => subnet.fields?.network_id === one.id).map(subnet => ({ id: subnet.id, text: `${subnet.name || "subnet"}  ${subnet.fields.cidr}` })));
    nodes.get(one.id).external = one.fields?.external === true;
    nodes.get(one.id).own = !project || one.project === project;
  }
  for (const one of found.router) add("router", one);
  for (const one of found.server) add("server", one);
  for (const one of found.load_balancer) add("load_balancer", one, [{ text: one.fields?.vip_address || "" }]);
  const ports = new Map();
  const balancers = new Map(found.load_balancer.map(one => [one.fields?.vip_port_id, one.id]));
  for (const one of found.port) {
    const { network_id: network, device_id: device, device_owner: owner = "", fixed_ips: addresses = [] } = one.fields || {};
    const at = balancers.get(one.id) || (nodes.has(device) ? device : "");
    const text = addresses.map(address => address.ip_address).join(", ");
    if (!at && (owner.startsWith("network:dhcp") || owner.startsWith("network:distributed") || owner === "network:floatingip")) continue;
    if (!nodes.has(network)) continue;
    if (!at) {
      nodes.set(one.id, { id: one.id, kind: "port", name: one.name || one.id.slice(0, 8), state: one.state, about: [{ text }] });
      lines.push({ from: network, to: one.id, text: "", port: one.id });
    } else if (nodes.get(at).kind === "router" && owner === "network:router_gateway") lines.push({ from: network, to: at, text, port: one.id });
    else if (nodes.get(at).kind === "router") lines.push({ from: at, to: network, text, port: one.id });
    else lines.push({ from: network, to: at, text, port: one.id });
    ports.set(one.id, at || one.id);
  }
  for (const one of found.router) {
    // The port of a gateway belongs to no project.
    const gateway = found.network.find(network => network.fields?.external);
    if (one.fields?.gw_port_id && gateway && !lines.some(line => line.port === one.fields.gw_port_id)) lines.push({ from: gateway.id, to: one.id, text: "", port: one.fields.gw_port_id });
  }
  for (const one of found.floatingip) {
    add("floatingip", one);
    const at = ports.get(one.fields?.port_id);
    if (at) lines.push({ from: at, to: one.id, text: "" });
    else if (nodes.has(one.fields?.floating_network_id)) lines.push({ from: one.fields.floating_network_id, to: one.id, text: "" });
  }
  const used = new Set(lines.flatMap(line => [line.from, line.to]));
  for (const node of [...nodes.values()]) if (node.kind === "network" && !node.own && !used.has(node.id)) nodes.delete(node.id);
  return gathered(nodes, lines);
}

/** Many servers, ports or addresses at one place are drawn as one. */
function gathered(nodes, lines) {
  const places = new Map();
  for (const line of lines) {
    const node = nodes.get(line.to);
    if (!node || node.kind === "router" || node.kind === "network") continue;
    const key = `${line.from} ${node.kind}`;
    places.set(key, [...(places.get(key) || []), line]);
  }
  const gone = new Set();
  const extra = [];
  for (const [key, all] of places) {
    if (all.length <= SINGLE_MAX) continue;
    const [from, kind] = key.split(" ");
    for (const line of all) gone.add(line.to);
    extra.push({ id: `many ${key}`, kind: "many", of: kind, from, name: `${all.length.toLocaleString("en")} ${kind === "floatingip" ? "floating IPs" : `${kind.replace("_", " ")}s`}`, about: [] });
  }
  const kept = lines.filter(line => !gone.has(line.to) && !gone.has(line.from));
  for (const one of extra) {
    if (gone.has(one.from)) continue;
    nodes.set(one.id, one);
    kept.push({ from: one.from, to: one.id, text: "" });
  }
  for (const id of gone) nodes.delete(id);
  return { nodes: [...nodes.values()], lines: kept.filter(line => nodes.has(line.from) && nodes.has(line.to)) };
}

function placed({ nodes, lines }) {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 28, ranksep: 62, marginx: 24, marginy: 24 });
  const size = node => {
    const letters = Math.max(node.name.length * 1.08, ...node.about.map(one => one.text.length * 0.92), 12);
    return { width: Math.min(280, 44 + letters * 7.2), height: 48 + node.about.filter(one => one.text).length * 18 };
  };
  for (const node of nodes) graph.setNode(node.id, size(node));
  lines.forEach((line, at) => graph.setEdge(line.from, line.to, { width: line.text ? line.text.length * 6.6 + 10 : 0, height: line.text ? 18 : 0, labelpos: "c" }, String(at)));
  layout(graph);
  const { width = 300, height = 200 } = graph.graph();
  return {
    width, height, nodes: nodes.map(node => ({ ...node, ...graph.node(node.id) })),
    lines: lines.map((line, at) => ({ ...line, ...graph.edge(line.from, line.to, String(at)) })),
  };
}

const way = points => points.map((point, at) => `${at ? "L" : "M"}${point.x},${point.y}`).join(" ");

function Node({ node, cloud }) {
  const left = node.x - node.width / 2;
  const top = node.y - node.height / 2;
  const target = node.kind === "many" ? link("c", cloud, "resources", node.of) : link("c", cloud, "resources", node.kind, node.id);
  const cut = (text, letters) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);
  return html`<a href=${target} class="node ${node.kind} ${mood(node.task || node.state)}" aria-label=${`${KIND_WORDS[node.kind]} ${node.name} ${node.task || node.state || ""}`}>
    <rect x=${left} y=${top} width=${node.width} height=${node.height} rx=${node.kind === "network" ? 4 : 10} />
    <text class="what" x=${left + 14} y=${top + 18}>${node.external ? "External network" : KIND_WORDS[node.kind]}</text>
    ${node.state && html`<circle class="dot" cx=${left + node.width - 14} cy=${top + 14} r="4" />`}
    <text class="who" x=${left + 14} y=${top + 36}>${cut(node.name, 34)}</text>
    ${node.about.filter(one => one.text).map((one, at) => html`<text key=${at} class="more" x=${left + 14} y=${top + 54 + at * 18}>${cut(one.text, 38)}</text>`)}</a>`;
}

export function Topology() {
  const { cloud, project, number } = usePlace();
  const { found, error, ready, cut } = useKinds(cloud, project, number);
  const shape = JSON.stringify([found, project]);
  const picture = useMemo(() => (ready ? placed(connected(found, project)) : null), [shape, ready]);
  const pane = useRef(null);
  const drawing = useRef(null);
  const panzoom = useRef(null);
  const fit = () => {
    if (!pane.current || !picture || !panzoom.current) return;
    const { clientWidth, clientHeight } = pane.current;
    const scale = Math.min(1.15, Math.max(0.1, Math.min(clientWidth / picture.width, clientHeight / picture.height)));
    // The drawing is scaled about its middle, and moved by steps that are scaled as well.
    const left = (clientWidth - picture.width * scale) / 2;
    const top = Math.max(8, (clientHeight - picture.height * scale) / 2);
    panzoom.current.zoom(scale, { animate: false });
    panzoom.current.pan((left - (picture.width * (1 - scale)) / 2) / scale, (top - (picture.height * (1 - scale)) / 2) / scale, { animate: false });
  };
  const there = Boolean(picture && picture.nodes.length);
  useEffect(() => {
    if (!there) return undefined;
    const moved = Panzoom(drawing.current, { maxScale: 4, minScale: 0.1, canvas: true, step: 0.25, cursor: "grab", handleStartEvent: event => { if (!event.target.closest("a")) event.preventDefault(); } });
    panzoom.current = moved;
    const wheel = event => moved.zoomWithWheel(event);
    const area = pane.current;
    area.addEventListener("wheel", wheel, { passive: false });
    return () => {
      area.removeEventListener("wheel", wheel);
      moved.destroy();
      panzoom.current = null;
    };
  }, [there]);
  useEffect(() => {
    // Behind the library's own first move, which comes in a task of its own.
    const timer = setTimeout(fit, 0);
    return () => clearTimeout(timer);
  }, [picture?.width, picture?.height, there]);
  const keys = event => {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (!panzoom.current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (steps[event.key]) {
      const { x, y } = panzoom.current.getPan();
      panzoom.current.pan(x + steps[event.key][0], y + steps[event.key][1]);
    } else if (event.key === "+" || event.key === "=") panzoom.current.zoomIn();
    else if (event.key === "-") panzoom.current.zoomOut();
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  };
  return html`<${Head} title="Topology" about="Networks, what is attached to them, and the ways out. Click a box to open it."><${ProjectChoice} /><//>
    <${Problem} error=${error} />
    ${cut && html`<p class="about">There is more than ${LIMIT.toLocaleString("en")} of a kind: the picture shows the first. Choose a project.</p>`}
    ${!ready ? !error && html`<${Loading} />` : !there ? html`<${Empty} title="Nothing is connected yet">Networks, routers and servers are drawn here as soon as a client makes them: <a href=${link("c", cloud, "connect")}>how to connect</a>.<//>`
    : html`<div class="topology">
        <div class="acts tools" role="group" aria-label="Picture"><button type="button" class="button" onClick=${() => panzoom.current?.zoomIn()}>Larger</button>
          <button type="button" class="button" onClick=${() => panzoom.current?.zoomOut()}>Smaller</button><button type="button" class="button" onClick=${fit}>Fit</button>
          <span class="hint">Drag, or use the arrow keys, + and -.</span></div>
        <div class="pane" ref=${pane} tabindex="0" role="group" aria-label="Topology" onKeyDown=${keys}><div class="drawing" ref=${drawing}>
          <svg width=${picture.width} height=${picture.height} viewBox=${`0 0 ${picture.width} ${picture.height}`}>
            ${picture.lines.map((line, at) => html`<g key=${at} class="wire"><path d=${way(line.points)} />${line.text && html`<text x=${line.x} y=${line.y + 4} text-anchor="middle">${line.text}</text>`}</g>`)}
            ${picture.nodes.map(node => html`<${Node} key=${node.id} node=${node} cloud=${cloud} />`)}
          </svg></div></div></div>`}`;
}
