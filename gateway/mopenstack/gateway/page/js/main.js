// The frame of the page: where one is (the part of the address behind #), the cloud, the theme, the admin token.
import { html, render, Place, link, useState, useEffect, useMemo, useRef, useErrorBoundary } from "./lib.js";
import { call, keepToken, onTokenNeeded, path, query, useChanges, useData } from "./api.js";
import { Form, Loading, Text } from "./parts.js";
import { Clouds } from "./clouds.js";
import { Connect } from "./connect.js";
import { Coverage } from "./coverage.js";
import { Faults } from "./faults.js";
import { Journal } from "./journal.js";
import { Quotas } from "./quotas.js";
import { Resource } from "./resource.js";
import { Resources } from "./resources.js";
import { Time } from "./time.js";
import { Topology } from "./topology.js";

const VIEWS = [
  ["resources", "Resources", Resources], ["topology", "Topology", Topology], ["journal", "Journal", Journal],
  ["faults", "Faults", Faults], ["time", "Time", Time], ["quotas", "Quotas", Quotas], ["connect", "Connect", Connect],
];
const place = () => {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (parts[0] === "c" && parts[1]) return { cloud: parts[1], view: parts[2] || "resources", rest: parts.slice(3) };
  return { cloud: "", view: parts[0] === "coverage" ? "coverage" : "clouds", rest: [] };
};
/** The cloud whose address the page was opened under. */
const opened = () => /^\/cloud\/([^/]+)/.exec(location.pathname)?.[1].replaceAll("~", "") || "default";

function Theme() {
  const root = document.documentElement;
  const now = () => root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const [theme, setTheme] = useState(now);
  const other = theme === "dark" ? "light" : "dark";
  const change = () => {
    root.dataset.theme = other;
    localStorage.setItem("mopenstack-theme", other);
    setTheme(other);
  };
  return html`<button type="button" class="button quiet" onClick=${change}>${other === "dark" ? "Dark" : "Light"} theme</button>`;
}

function Token({ taken }) {
  const [token, setToken] = useState("");
  const show = async () => {
    keepToken(token);
    await call("/status");
    taken();
  };
  return html`<main class="alone" id="main"><h1>The admin token, please</h1>
    <p>This cloud is reached from more than this machine, so its admin API takes calls that show the token alone.
      <code>mopenstack status</code> names the file that it is kept in.</p>
    <${Form} run=${show} submit="Continue" disabled=${token.trim().length === 0}>
      <${Text} label="Admin token" type="password" value=${token} set=${setToken} hint="It is kept for this tab alone, until it is closed." />
    <//></main>`;
}

function Note({ note }) {
  return html`<div class="notes" role="status" aria-live="polite">${note && html`<p class="note ${note.kind}" key=${note.key}>${note.text}</p>`}</div>`;
}

function View({ where }) {
  const [error, reset] = useErrorBoundary();
  useEffect(() => { if (error) reset(); }, [where.cloud, where.view]);
  if (error) return html`<section class="head"><h1>This view failed</h1></section><p class="problem" role="alert">${error.message}</p>`;
  if (where.view === "clouds") return html`<${Clouds} />`;
  if (where.view === "coverage") return html`<${Coverage} />`;
  if (where.view === "resources" && where.rest.length === 2) {
    return html`<${Resource} key=${where.rest.join("/")} kind=${where.rest[0]} id=${where.rest[1]} />`;
  }
  const found = VIEWS.find(([name]) => name === where.view);
  if (!found) return html`<p>There is no such view.</p>`;
  return html`<${found[2]} key=${where.cloud} rest=${where.rest} />`;
}

function Page() {
  const [where, setWhere] = useState(place);
  const [needed, setNeeded] = useState(false);
  const [note, setNote] = useState(null);
  const [project, setProject] = useState("");
  const [turn, setTurn] = useState(0);
  const main = useRef(null);
  const last = useRef("");
  if (where.cloud) last.current = where.cloud;
  const cloud = where.cloud || last.current || opened();
  useEffect(() => {
    onTokenNeeded(() => setNeeded(true));
    const moved = () => {
      setWhere(place());
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), [where]);
  useEffect(() => {
    if (!note) return undefined;
    const timer = setTimeout(() => setNote(null), note.kind === "bad" ? 9000 : 3500);
    return () => clearTimeout(timer);
  }, [note]);
  useEffect(() => setProject(""), [cloud]);
  const changes = useChanges(needed ? "" : where.cloud);
  const clouds = useData(needed ? null : "/clouds", turn + changes.number);
  const projects = useData(!needed && where.cloud ? path`/clouds/${cloud}/resources/project` + query({ limit: 1000 }) : null, changes.number);
  const known = useMemo(() => ({
    cloud, project, setProject, number: changes.number, clouds: clouds.data?.clouds || [],
    // A further region of a cloud is addressed as a cloud: its clock, profile and rules are those of the cloud.
    about: clouds.data?.clouds.find(one => one.name === cloud.split(".")[0]),
    projects: projects.data?.resources || [],
    refresh: () => setTurn(old => old + 1),
    go: (...parts) => { location.hash = link(...parts); },
    say: (text, kind = "") => setNote({ text, kind, key: Math.random() }),
  }), [cloud, project, changes.number, clouds.data, projects.data]);
  if (needed) return html`<${Token} taken=${() => { setNeeded(false); setTurn(old => old + 1); }} />`;
  const names = known.clouds.flatMap(one => [one.name, ...one.regions.slice(1).map(region => `${one.name}.${region}`)]);
  return html`<${Place.Provider} value=${known}>
    <a class="skip" href="#main" onClick=${event => { event.preventDefault(); main.current.focus(); }}>To the content</a>
    <div class="frame">
      <header class="side">
        <a class="brand" href=${link("clouds")}><img src="/_mopenstack/page/icon.svg" alt="" width="28" height="28" />mopenstack</a>
        <nav aria-label="Views"><ul>
          <li><a href=${link("clouds")} aria-current=${where.view === "clouds" ? "page" : undefined}>Clouds</a></li>
          <li class="of"><label class="unseen" for="cloud">Cloud</label>
            <select id="cloud" value=${cloud} onChange=${event => known.go("c", event.target.value, where.cloud ? where.view : "resources")}>
              ${(names.includes(cloud) ? names : [cloud, ...names]).map(name => html`<option key=${name} value=${name} selected=${name === cloud}>${name}</option>`)}
            </select></li>
          ${VIEWS.map(([name, text]) => html`<li key=${name}><a href=${link("c", cloud, name)} aria-current=${where.view === name ? "page" : undefined}>${text}</a></li>`)}
          <li class="apart"><a href=${link("coverage")} aria-current=${where.view === "coverage" ? "page" : undefined}>Coverage</a></li>
        </ul></nav>
        <div class="foot"><${Theme} /></div>
      </header>
      <main id="main" tabindex="-1" ref=${main}>${clouds.error && !clouds.data
        ? html`<p class="problem" role="alert">${clouds.error.message}</p>`
        : clouds.data ? html`<${View} where=${where} />` : html`<${Loading} />`}</main>
    </div>
    <${Note} note=${note} />
  <//>`;
}

render(html`<${Page} />`, document.getElementById("page"));
