/**
 * The web page: nodes, links and light nodes as they are, messages as they flow. One file, no dependency; content
 * topics and peer ids reach it as text only.
 * @module
 */

const STYLE = `
  :root { color-scheme: light dark; --ink: #1d2433; --soft: #6b7488; --line: #c9cfdb; --back: #f6f7fa; --card: #fff;
    --push: #0a7d5a; --relay: #2456d6; --deliver: #b4540a; --down: #b3261e; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #98a2b8; --line: #3a4357; --back: #12161f;
    --card: #1b212d; --push: #4fd1a5; --relay: #85a8ff; --deliver: #ffb066; --down: #ff8a80; } }
  * { box-sizing: border-box; }
  body { margin: 0; font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--back); }
  header { display: flex; gap: 1.5em; align-items: baseline; padding: 12px 20px; border-bottom: 1px solid var(--line); }
  h1 { font-size: 18px; margin: 0; } h2 { font-size: 13px; margin: 0 0 8px; color: var(--soft); font-weight: 600; }
  header span { color: var(--soft); } #status.lost { color: var(--down); font-weight: 600; }
  main { display: grid; grid-template-columns: minmax(320px, 1fr) minmax(360px, 560px); gap: 16px; padding: 16px 20px; }
  section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; overflow: auto; }
  svg { width: 100%; height: auto; display: block; } table { border-collapse: collapse; width: 100%; }
  th, td { text-align: right; padding: 3px 8px 3px 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
  th { color: var(--soft); font-weight: 500; } th:first-child, td:first-child { text-align: left; }
  td.topic { max-width: 300px; overflow: hidden; text-overflow: ellipsis; }
  .side { display: grid; gap: 16px; align-content: start; } .node { fill: var(--card); stroke: var(--ink); stroke-width: 2; }
  .node.down { stroke: var(--down); stroke-dasharray: 4 4; } .link { stroke: var(--line); stroke-width: 2; }
  .client { fill: var(--soft); } .spoke { stroke: var(--line); } text { fill: var(--ink); font-size: 13px; text-anchor: middle; }
  text.small { fill: var(--soft); font-size: 11px; } .pushed { fill: var(--push); } .relayed { fill: var(--relay); }
  .delivered { fill: var(--deliver); } .legend { display: flex; gap: 1.2em; color: var(--soft); padding-top: 8px; }
  .legend i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 5px; }
  @media (max-width: 820px) { main { grid-template-columns: 1fr; } }
`;

const SCRIPT = `
"use strict";
const SIZE = 600, CENTER = SIZE / 2, RING = 165, NODE = 34, FLIGHT_MS = 700, MAX_FLYING = 300, MAX_CLIENTS = 40;
const svg = document.getElementById("map");
const layers = ["links", "clients", "flying", "nodes"].map((name) => document.getElementById(name));
const [links, clients, flying, nodes] = layers;
let places = new Map(), state, previous, flown = 0;

function draw(name, attributes, text) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
  if (text !== undefined) shape.textContent = text;
  return shape;
}
function at(angle, radius, from = { x: CENTER, y: CENTER }) {
  return { x: from.x + radius * Math.cos(angle), y: from.y + radius * Math.sin(angle) };
}
function layOut() {
  places = new Map();
  const spokes = [];
  const count = state.nodes.length;
  state.nodes.forEach((node, index) => {
    const angle = (2 * Math.PI * index) / count - Math.PI / 2;
    const place = count === 1 ? { x: CENTER, y: CENTER } : at(angle, RING);
    places.set(node.peerId, place); places.set(node.name, place);
    const shown = node.clients.slice(0, MAX_CLIENTS);
    const spread = count === 1 ? 2 * Math.PI : Math.min(2.6, 0.28 * shown.length);
    shown.forEach((client, number) => {
      const part = shown.length === 1 ? 0 : number / (shown.length - (count === 1 ? 0 : 1)) - 0.5;
      const spot = at(angle + spread * part, 92, place);
      places.set(node.name + client, spot); spokes.push([place, spot]);
    });
  });
  const line = (name, one, other) => draw("line", { class: name, x1: one.x, y1: one.y, x2: other.x, y2: other.y });
  const place = (index) => places.get(state.nodes[index].name);
  links.replaceChildren(...state.links.map(([one, other]) => line("link", place(one), place(other))));
  clients.replaceChildren(...spokes.flatMap(([one, spot]) =>
    [line("spoke", one, spot), draw("circle", { class: "client", cx: spot.x, cy: spot.y, r: 7 })]));
  nodes.replaceChildren(...state.nodes.flatMap((node) => {
    const { x, y } = places.get(node.name);
    return [draw("circle", { class: node.isRunning ? "node" : "node down", cx: x, cy: y, r: NODE }),
      draw("text", { x, y: y }, node.name),
      draw("text", { class: "small", x, y: y + 15 }, node.isRunning ? size(node.storedBytes) : "down")];
  }));
}
function fly(kind, from, to) {
  if (from === undefined || to === undefined || flying.childElementCount >= MAX_FLYING) return;
  const dot = draw("circle", { class: kind, r: 5, cx: from.x, cy: from.y });
  flying.append(dot);
  flown += 1; document.body.dataset.flown = flown;
  const startMs = performance.now();
  const step = (nowMs) => {
    const part = Math.min(1, (nowMs - startMs) / FLIGHT_MS);
    dot.setAttribute("cx", from.x + (to.x - from.x) * part);
    dot.setAttribute("cy", from.y + (to.y - from.y) * part);
    if (part < 1) requestAnimationFrame(step); else dot.remove();
  };
  requestAnimationFrame(step);
}
function show({ kind, node, peer }) {
  const here = places.get(node);
  const there = places.get(node + peer) ?? places.get(peer);
  if (kind === "pushed" || kind === "relayed") fly(kind, there, here);
  if (kind === "delivered") fly(kind, here, there);
}
function size(bytes) {
  return bytes < 1e3 ? bytes + " B" : bytes < 1e6 ? (bytes / 1e3).toFixed(1) + " kB" : (bytes / 1e6).toFixed(1) + " MB";
}
function fill(id, rows) {
  document.getElementById(id).replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((text, index) => {
      const cell = document.createElement("td");
      cell.textContent = text; if (index === 0) { cell.className = "topic"; cell.title = text; }
      return cell;
    }));
    return row;
  }));
}
function tell() {
  const seconds = previous ? (state.atMs - previous.atMs) / 1000 : 0;
  const rate = (index, name) => previous && seconds > 0
    ? Math.round((state.nodes[index].counters[name] - previous.nodes[index].counters[name]) / seconds) : 0;
  fill("table", state.nodes.map((node, index) => {
    const dropped = Object.values(node.counters.dropped).reduce((sum, count) => sum + count, 0);
    return [node.name, node.clients.length, node.counters.subscribers, rate(index, "pushed"), rate(index, "relayed"),
      rate(index, "filtered"), node.counters.stored, dropped];
  }));
  fill("topics", state.topics.map(({ contentTopic, messages, bytes }) => [contentTopic, messages, size(bytes)]));
  const drops = new Map();
  for (const { counters } of state.nodes)
    for (const [reason, count] of Object.entries(counters.dropped)) drops.set(reason, (drops.get(reason) ?? 0) + count);
  const happened = [...drops].filter(([, count]) => count > 0);
  fill("dropped", happened.length > 0 ? happened : [["nothing", ""]]);
  const { clusterId, shards } = state.network;
  document.getElementById("network").textContent = "cluster " + clusterId + ", " + shards + " shards";
  document.body.dataset.nodes = state.nodes.filter((node) => node.isRunning).length;
  document.body.dataset.links = state.links.length;
}
const events = new EventSource("/events");
const status = document.getElementById("status");
events.addEventListener("state", ({ data }) => {
  previous = state; state = JSON.parse(data); layOut(); tell();
  status.textContent = "live"; status.className = "";
});
events.addEventListener("flow", ({ data }) => show(JSON.parse(data)));
events.addEventListener("error", () => { status.textContent = "no connection to the devnet"; status.className = "lost"; });
`;

export const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>devnet</title><meta name="viewport" content="width=device-width">
<style>${STYLE}</style></head>
<body><header><h1>devnet</h1><span id="network"></span><span id="status" role="status">connecting</span></header>
<main><section aria-label="Nodes, links and messages"><svg id="map" viewBox="0 0 600 600" role="img" aria-label="Map of the network">
<g id="links"></g><g id="clients"></g><g id="flying"></g><g id="nodes"></g></svg>
<div class="legend"><span><i style="background:var(--push)"></i>pushed by a light node</span>
<span><i style="background:var(--relay)"></i>relayed between nodes</span>
<span><i style="background:var(--deliver)"></i>delivered to a subscriber</span></div></section>
<div class="side"><section><h2>Nodes</h2><table><thead><tr><th>node<th>clients<th>subscribers<th>pushed/s<th>relayed/s<th>filtered/s<th>stored<th>dropped</tr></thead><tbody id="table"></tbody></table></section>
<section><h2>Busiest content topics</h2><table><thead><tr><th>content topic<th>messages<th>bytes</tr></thead><tbody id="topics"></tbody></table></section>
<section><h2>Dropped, by reason</h2><table><tbody id="dropped"></tbody></table></section></div></main>
<script>${SCRIPT}</script></body></html>
`;
