// Puts the page together: what is known and what is looked at go in, what people do changes either.

import { showAcls } from "./acl-list.js";
import * as address from "./address.js";
import { Breakdown } from "./breakdown-question.js";
import { Chart } from "./chart.js";
import { showTable } from "./chart-table.js";
import { byId, element, quoted, replace } from "./dom.js";
import { showFigures } from "./figures.js";
import { number, plural, span, utc } from "./format.js";
import { showHealth } from "./health-panel.js";
import { History } from "./history.js";
import { Inspector } from "./inspector.js";
import { Knowledge } from "./knowledge.js";
import { showLegend, showPresets } from "./chart-tools.js";
import { follow } from "./live.js";
import { showLogin } from "./login.js";
import { followTheme } from "./theme.js";
import { showVerdict, titleOf } from "./verdict.js";
import { moved, zoomed } from "./viewport.js";

const SIDE_BY_SIDE = matchMedia("(min-width: 900px)");
const knowledge = new Knowledge();
const view = address.read();
const reports = new Map();
/** Whether the range goes on with the newest window: as long as nobody chose another end. */
let isFollowing = view.from === null;
/** Whether the address names an incident without a range: its own is shown once it is known. */
let isRangeMissing = view.incident !== null && view.from === null;

const chart = new Chart(byId("chart"), {
  range: (range) => {
    Object.assign(view, rounded(range));
    isFollowing = range.to >= bounds().to;
    changed({ isStep: false });
  },
  reset: () => {
    Object.assign(view, { from: null, to: null });
    isFollowing = true;
    changed({ isStep: false });
  },
  window: (start) => {
    view.window = start;
    changed({ isStep: true });
  },
  incident: (id) => open(knowledge.incidents.get(id)),
});
const history = new History(knowledge, () => draw());
const breakdown = new Breakdown(byId("breakdown-panel"));
const inspector = new Inspector(knowledge, reports, () => {
  drawn.version = null;
  draw();
});
/** Of what the parts that do not depend on the range were drawn last. */
const drawn = { version: null, acl: null, health: null };

const rounded = ({ from, to }) => ({ from: Math.round(from), to: Math.round(to) });

function bounds() {
  const acl = knowledge.acls.get(view.acl);
  if (!acl || acl.from === null || acl.until === null) return { from: 0, to: knowledge.windowSize };
  return { from: acl.from, to: Math.max(acl.until, acl.from + knowledge.windowSize) };
}

function range() {
  if (view.from === null) return history.newest(view.acl, bounds());
  return { from: view.from, to: view.to };
}

/** The Web ACL that most likely matters: the one of the worst open incident, or else the busiest. */
function mostUrgent() {
  const running = knowledge.incidentsOf().find(({ state }) => state === "open");
  if (running) return running.acl;
  const busy = (acl) => knowledge.series.get(acl)?.total.at(-1) ?? 0;
  return [...knowledge.acls.keys()].sort((left, right) => busy(right) - busy(left))[0] ?? null;
}

function changed({ isStep }) {
  address.write(view, { isStep });
  draw();
}

let isDue = false;
/** Draws once a frame at most, however much has changed. */
function draw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    drawAll();
  });
}

function drawAll() {
  if (!knowledge.isLoaded) return;
  if (!knowledge.acls.has(view.acl)) view.acl = knowledge.incidents.get(view.incident)?.acl ?? mostUrgent();
  const linked = isRangeMissing ? knowledge.incidents.get(view.incident) : null;
  if (linked) {
    isRangeMissing = false;
    view.acl = linked.acl;
    show(inspector.around(linked, knowledge.windowSize));
  }
  const acl = knowledge.acls.get(view.acl);
  const isStale = drawn.version !== knowledge.version || drawn.acl !== view.acl;
  Object.assign(drawn, { version: knowledge.version, acl: view.acl });
  if (isStale || drawn.health !== knowledge.health) showVerdict(knowledge, reports, look);
  drawn.health = knowledge.health;
  byId("empty").hidden = Boolean(acl);
  byId("content").hidden = !acl;
  if (!acl) {
    showEmpty();
    return;
  }
  if (isStale) {
    showAcls(knowledge, view.acl);
    showHead(acl);
  }
  const whole = bounds();
  if (isFollowing && view.from !== null)
    Object.assign(view, { from: Math.round(view.from + whole.to - view.to), to: whole.to });
  const { series, bucketSize } = history.series(view.acl, range());
  const incidents = knowledge.incidentsOf(view.acl);
  chart.setData(series, bucketSize, whole, incidents, isStale);
  chart.setRange(range());
  chart.setChosen(view);
  const shown = chart.range();
  byId("chart-range").textContent = span(shown.from, shown.to);
  byId("reset").disabled = view.from === null;
  showFigures(series, bucketSize, shown, view.window);
  if (byId("table-details").open) showTable(series, shown);
  inspector.show(incidents, view.incident, open);
  breakdown.ask(
    view,
    view.window === null ? shown : { from: view.window, to: view.window + bucketSize },
    whole,
  );
}

function showHead(acl) {
  replace(byId("acl-name"), quoted(acl.name));
  const learning = acl.stage?.windows_left
    ? `${acl.stage.kind.replaceAll("_", " ")}: ${plural(acl.stage.windows_left, "window")} to the next stage`
    : null;
  const about = [
    acl.scope,
    acl.region,
    `${plural(acl.windows, "window")} since ${utc(acl.from ?? 0)}`,
    learning,
  ];
  byId("acl-about").textContent = about.filter(Boolean).join(" · ");
}

function showEmpty() {
  const { health } = knowledge;
  byId("empty-size").textContent = `${knowledge.windowSize / 1_000} seconds`;
  const { read = 0, accepted = 0, rejected = 0 } = health?.accounts ?? {};
  byId("empty-progress").textContent =
    read > 0
      ? `So far ${plural(read, "record")} came in: ${number(accepted)} accepted, ${number(rejected)} rejected, ${plural(health.store.open_windows, "window")} open.`
      : "No record has come in so far.";
}

/** Opens an incident in full, or closes it where it is open. */
function open(incident) {
  if (!incident) return;
  if (view.incident !== incident.id) {
    look(incident);
    return;
  }
  view.incident = null;
  changed({ isStep: true });
}

/** Shows an incident in full, with its stretch of time. */
function look(incident) {
  isRangeMissing = false;
  Object.assign(view, { acl: incident.acl, incident: incident.id, window: null });
  show(inspector.around(incident, knowledge.windowSize));
  changed({ isStep: true });
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const line = byId(`incident-${incident.id}`);
      line?.focus({ preventScroll: true });
      line?.scrollIntoView({ block: "start" });
    }),
  );
}

/** Goes to a stretch of time, as far as something is stored of it. */
function show(wanted) {
  const whole = bounds();
  isFollowing = wanted.to >= whole.to;
  Object.assign(
    view,
    rounded({ from: Math.max(whole.from, wanted.from), to: Math.min(whole.to, wanted.to) }),
  );
}

const connection = byId("connection");
const login = showLogin(() => live.retry());
const live = follow(knowledge, {
  connection: (state, error) => {
    const names = { connecting: "Connecting", live: "Live", lost: "Connection lost", locked: "Locked" };
    connection.dataset.state = state;
    replace(
      connection,
      element("span", { class: "dot", "aria-hidden": "true" }),
      names[state],
      error && state === "lost" ? element("span", { class: "why" }, error.message) : null,
    );
    login.toggle(state === "locked");
    if (state === "live") inspector.forget();
    draw();
  },
  news: (fresh) => {
    const started = fresh.filter(({ state }) => state === "open");
    if (started.length === 0) return;
    const texts = started
      .slice(0, 3)
      .map((incident) => `New incident, ${incident.level}: ${titleOf(incident)} on ${incident.acl_name}`);
    byId("news").textContent = texts.join(". ");
  },
});

knowledge.listen((what) => {
  if (what.has("health") && knowledge.health) showHealth(knowledge.health);
  if (what.has("incidents")) inspector.refresh(view.incident);
  draw();
});
addEventListener("hashchange", goToAddress);
addEventListener("popstate", goToAddress);
function goToAddress() {
  Object.assign(view, address.read());
  isFollowing = view.from === null;
  isRangeMissing = view.incident !== null && view.from === null;
  draw();
}

const buttons = {
  "pan-left": () => chart.show(moved(chart.range(), -0.5)),
  "pan-right": () => chart.show(moved(chart.range(), 0.5)),
  "zoom-in": () => chart.show(zoomed(chart.range(), 0.5)),
  "zoom-out": () => chart.show(zoomed(chart.range(), 2)),
  reset: () => chart.reset(),
  "clear-window": () => {
    view.window = null;
    changed({ isStep: true });
  },
};
for (const [id, act] of Object.entries(buttons)) byId(id).addEventListener("click", act);
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
byId("table-details").addEventListener("toggle", draw);
showLegend(chart);
showPresets((length) => {
  const whole = bounds();
  const from = Math.max(whole.from, whole.to - length);
  chart.show({ from, to: whole.to });
});
const fold = () => (byId("acls-details").open = SIDE_BY_SIDE.matches);
SIDE_BY_SIDE.addEventListener("change", fold);
fold();
followTheme(() => chart.restyle());
