// The calls that a cloud answered, as they come.
import { html, clockTime, link, moment, count, useEffect, useMemo, usePlace, useRef, useState, useStill } from "./lib.js";
import { bytes, call, follow, path, query, text, useData, useTicks } from "./api.js";
import { Act, Choice, Copy, Empty, Head, Json, Loading, Problem, Sure, Table, Tabs, Text } from "./parts.js";

const SHOWN_MAX = 300;
const NOTHING = { operation: "", status: "", project: "", user: "", method: "", path: "", where: "" };

/** The calls that pass the filters, newest first: those that there are, and then each as it is answered. */
function useCalls(cloud, filters, turn) {
  const [state, setState] = useState({ calls: [], error: null, ready: false, live: false });
  const wanted = query({ ...filters, where: filters.where ? [filters.where] : [] });
  useEffect(() => {
    const stop = new AbortController();
    let newest = 0;
    let waiting = [];
    let timer = null;
    const flush = () => {
      timer = null;
      const more = waiting.reverse();
      waiting = [];
      setState(old => ({ ...old, calls: [...more, ...old.calls].slice(0, SHOWN_MAX) }));
    };
    (async () => {
      try {
        const first = await call(path`/clouds/${cloud}/journal/calls` + wanted + (wanted ? "&" : "?") + `limit=${SHOWN_MAX}`, { signal: stop.signal });
        newest = first.calls.at(-1)?.id || 0;
        setState({ calls: first.calls.reverse(), error: null, ready: true, live: true });
      } catch (error) {
        if (!stop.signal.aborted) setState({ calls: [], error, ready: true, live: false });
        return;
      }
      await follow(path`/clouds/${cloud}/journal/follow` + wanted + (newest ? `${wanted ? "&" : "?"}after=${newest}` : ""), {
        signal: stop.signal, last: () => newest,
        told: one => {
          if (one.id <= newest) return;
          newest = one.id;
          waiting.push(one);
          timer ||= setTimeout(flush, 100);
        },
        ended: error => setState(old => ({ ...old, live: !error })),
      });
    })();
    return () => { stop.abort(); clearTimeout(timer); };
  }, [cloud, wanted, turn]);
  return state;
}

export function Journal({ rest }) {
  const { cloud, say } = usePlace();
  const [filters, setFilters] = useState(NOTHING);
  const [turn, setTurn] = useState(0);
  const still = useStill(filters, 300);
  const { calls, error, ready, live } = useCalls(cloud, still, turn);
  const ticks = useTicks(3000);
  const kept = useData(path`/clouds/${cloud}/journal`, ticks + turn);
  const set = name => value => setFilters(old => ({ ...old, [name]: value }));
  const mode = kept.data?.journal?.mode ?? kept.data?.mode ?? "";
  const choose = async value => {
    try {
      await call(path`/clouds/${cloud}/journal`, { method: "PUT", body: { mode: value } });
      setTurn(turn + 1);
    } catch (refused) { say(refused.message, "bad"); }
  };
  const wanted = query({ ...still, where: still.where ? [still.where] : [] });
  const whole = format => path`/clouds/${cloud}/journal/export` + wanted + (wanted ? "&" : "?") + `format=${format}`;
  const keep = async () => {
    const url = URL.createObjectURL(await bytes(whole("har")));
    Object.assign(document.createElement("a"), { href: url, download: `${cloud}.har` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  const filtered = JSON.stringify(still) !== JSON.stringify(NOTHING);
  return html`<${Head} title="Journal" about=${html`The calls that <strong>${cloud}</strong> answered, newest first. <span class="live ${live ? "on" : ""}">${live ? "Live" : "Not following"}</span>`}>
      <${Choice} label="Keep" value=${mode} set=${choose} options=${[...(mode ? [] : [["", ""]]), ["off", "nothing"], ["calls", "calls"], ["bodies", "calls with bodies"]]} /><//>
    <div class="row filters many"><${Text} label="Operation" value=${filters.operation} set=${set("operation")} placeholder="CreateServer" />
      <${Text} label="Status" value=${filters.status} set=${set("status")} placeholder="404, 4xx, 400-499" />
      <${Choice} label="Method" value=${filters.method} set=${set("method")} options=${[["", "any"], "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]} />
      <${Text} label="Path has" value=${filters.path} set=${set("path")} /><${Text} label="Project" value=${filters.project} set=${set("project")} />
      <${Text} label="User" value=${filters.user} set=${set("user")} /><${Text} label="Field of the body" value=${filters.where} set=${set("where")} placeholder="server.name=web" /></div>
    <div class="acts"><${Copy} plain label="Copy as curl" text=${() => text(whole("curl"))} /><${Act} run=${keep}>Save as HAR<//>
      <${Sure} sure="Forget them" run=${async () => { await call(path`/clouds/${cloud}/journal/calls`, { method: "DELETE" }); setTurn(turn + 1); }}>Forget all<//></div>
    <${Problem} error=${error} />
    <div class=${rest[0] ? "split journal" : "journal"}>
    ${!ready ? html`<${Loading} />` : calls.length === 0 ? !error && html`<${Empty} title=${mode === "off" ? "The journal is off" : filtered ? "No call passes" : "No calls yet"}>
        ${mode === "off" ? "Choose what it keeps, above." : filtered ? "Take a filter away, or wait: calls that pass appear here." : html`Calls appear here as they are answered: <a href=${link("c", cloud, "connect")}>how to connect</a>.`}<//>`
    : html`<${Table} label="Calls" className="calls" heads=${["Time", "Call", { text: "Status", number: true }, "Who", { text: "ms", number: true }]}>
        ${calls.map(one => html`<tr key=${one.id} class=${String(one.id) === rest[0] ? "chosen" : ""}><td class="nowrap">${clockTime(one.time)}</td>
          <th scope="row"><a href=${link("c", cloud, "journal", one.id)}>${one.operation.split(".").pop() || `${one.method} ${one.path}`.slice(0, 60)}</a><span class="id">${one.method} ${one.path}</span>
            ${one.fault && html`<span class="tag bad">${one.fault}</span>`}${one.unread_fields.length > 0 && html`<span class="tag busy">${count(one.unread_fields.length)} unread</span>`}</th>
          <td class="number"><span class=${one.status >= 400 ? "bad" : ""}>${one.status || one.code}</span></td><td>${one.user_name || html`<span class="faint">anonymous</span>`}</td><td class="number">${one.milliseconds.toFixed(1)}</td></tr>`)}<//>`}
    ${rest[0] && html`<${One} key=${rest[0]} id=${rest[0]} bodies=${mode === "bodies"} />`}</div>`;
}

function One({ id, bodies }) {
  const { cloud } = usePlace();
  const found = useData(path`/clouds/${cloud}/journal/calls/${id}`);
  const [tab, setTab] = useState("request");
  const title = useRef(null);
  const one = found.data?.call;
  useEffect(() => { title.current?.scrollIntoView({ block: "nearest" }); }, [Boolean(one)]);
  const facts = useMemo(() => one && [["When", moment(one.time)], ["Took", `${one.milliseconds.toFixed(1)} ms`], ["Who", one.user_name ? `${one.user_name}${one.project_name ? ` in ${one.project_name}` : ""}` : "no token"],
    ["Client", one.agent || one.remote], ["Request id", one.request_id], ...(one.fault ? [["Fault rule", one.fault]] : [])], [one]);
  if (found.error) return html`<aside class="detail"><${Problem} error=${found.error} /><p><a href=${link("c", cloud, "journal")}>Close</a></p></aside>`;
  if (!one) return html`<aside class="detail"><${Loading} /></aside>`;
  const curl = async () => (await text(path`/clouds/${cloud}/journal/export` + query({ format: "curl", after: one.id - 1 || "" }))).split("\n")[0];
  const none = bodies ? "The call has no JSON document." : "Bodies are kept from the moment on where the journal is to keep calls with bodies.";
  return html`<aside class="detail" aria-label=${`Call ${id}`}><header><h2 ref=${title}>${one.operation.split(".").pop() || "No operation"}</h2><a class="button quiet" href=${link("c", cloud, "journal")}>Close</a></header>
    <p class="request"><code>${one.method} ${one.path}</code> <span class=${one.status >= 400 ? "bad" : ""}>${one.status || one.code}</span></p>
    <dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${one.unread_fields.length > 0 && html`<p class="unread"><strong>Nothing reads:</strong> ${one.unread_fields.map(field => html`<code key=${field}>${field}</code> `)}</p>`}
    <div class="acts"><${Copy} plain label="Copy as curl" text=${curl} /></div>
    <${Tabs} label="Documents" tabs=${[["request", "Request"], ["answer", "Answer"], ["headers", "Headers"]]} chosen=${tab} set=${setTab}>
      ${tab === "headers" ? Object.keys(one.request_headers).length ? html`<${Json} value=${{ request: one.request_headers, answer: one.answer_headers }} label="Headers" />` : html`<p class="faint">${none}</p>`
    : one[tab] === undefined || one[tab] === null ? html`<p class="faint">${one.cut ? "The document was too large to be kept." : none}</p>` : html`<${Json} value=${one[tab]} label=${tab === "request" ? "Request" : "Answer"} marked=${tab === "request" ? one.unread_fields : one.unknown_fields} />`}
    <//></aside>`;
}
