// The states of a resource and the ways between them, as a picture; the table beside it says the same.
import { html, mood, useEffect, useMemo, useRef, useState } from "./lib.js";
import { Graph, layout } from "../vendor/dagre.mjs";

const HEIGHT = 30;
const width = word => 26 + word.length * 7.4;

/** Where everything stands: states that an action leads from or to, and one arrow for each pair of them. */
function drawn(diagram, whole) {
  const pairs = new Map();
  for (const action of diagram.actions) {
    const ends = [...new Set([action.to || "", ...(action.seconds ? [action.error] : [])].filter(Boolean))];
    for (const from of action.from) {
      for (const to of ends) {
        if (from === to) continue;
        const key = `${from}\n${to}`;
        const pair = pairs.get(key) || { from, to, names: [], fails: true };
        if (to === action.to) pair.fails = false;
        if (!pair.names.includes(action.name)) pair.names.push(action.name);
        pairs.set(key, pair);
      }
    }
  }
  const all = [...pairs.values()];
  // Every state fails into the same one: these arrows are drawn from the present state alone.
  const near = one => whole || one.from === diagram.state || one.to === diagram.state;
  const kept = all.filter(one => near(one) && (!one.fails || one.from === diagram.state));
  const states = new Set([diagram.state, ...kept.flatMap(one => [one.from, one.to])].filter(Boolean));
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 58, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const state of states) graph.setNode(state, { width: width(state), height: HEIGHT });
  for (const one of kept) graph.setEdge(one.from, one.to, {});
  layout(graph);
  const size = graph.graph();
  return {
    width: size.width || 100, height: size.height || 60,
    nodes: [...states].map(state => ({ state, ...graph.node(state) })),
    edges: kept.map(one => ({ ...one, points: graph.edge(one.from, one.to).points })),
  };
}

const curve = points => {
  const [first, ...rest] = points;
  let text = `M${first.x},${first.y}`;
  for (let at = 0; at < rest.length - 1; at += 1) {
    const middle = { x: (rest[at].x + rest[at + 1].x) / 2, y: (rest[at].y + rest[at + 1].y) / 2 };
    text += ` Q${rest[at].x},${rest[at].y} ${middle.x},${middle.y}`;
  }
  const last = rest[rest.length - 1];
  return `${text} L${last.x},${last.y}`;
};

export function Diagram({ diagram }) {
  const [whole, setWhole] = useState(false);
  const shape = JSON.stringify([whole, diagram.state, diagram.actions.map(one => [one.name, one.from, one.to, one.error])]);
  const picture = useMemo(() => drawn(diagram, whole), [shape]);
  const pane = useRef(null);
  useEffect(() => {
    const here = picture.nodes.find(one => one.state === diagram.state);
    if (!pane.current || !here) return;
    pane.current.scrollTo(here.x - pane.current.clientWidth / 2, here.y - pane.current.clientHeight / 2);
  }, [picture]);
  if (picture.nodes.length < 2) return null;
  const ways = picture.edges.filter(one => one.from === diagram.state).map(one => `${one.names.join(" or ")} to ${one.to}`);
  return html`<div class="figure"><div class="acts between"><h2>The way from here</h2><button type="button" class="button quiet" aria-pressed=${whole} onClick=${() => setWhole(!whole)}>${whole ? "From here only" : "All states"}</button></div><div class="picture" ref=${pane} role="region" aria-label="Diagram of the states" tabindex="0"><svg width=${picture.width} height=${picture.height} viewBox=${`0 0 ${picture.width} ${picture.height}`} role="img" aria-label=${`It is ${diagram.state}. From here: ${ways.join(", ") || "nothing"}.`}>
    <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" class="tip" /></marker>
      <marker id="tip-here" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" class="tip here" /></marker></defs>
    ${picture.edges.map(one => html`<path key=${`${one.from} ${one.to}`} class="way ${one.from === diagram.state ? "here" : ""} ${one.fails ? "fails" : ""}" d=${curve(one.points)} marker-end=${one.from === diagram.state ? "url(#tip-here)" : "url(#tip)"}><title>${one.names.join(", ")}</title></path>`)}
    ${picture.nodes.map(one => html`<g key=${one.state} class="place ${mood(one.state)} ${one.state === diagram.state ? "here" : ""}"><rect x=${one.x - one.width / 2} y=${one.y - HEIGHT / 2} width=${one.width} height=${HEIGHT} rx="15" /><text x=${one.x} y=${one.y + 4.5} text-anchor="middle">${one.state}</text></g>`)}
  </svg></div></div>`;
}
