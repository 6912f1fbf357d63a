// What the page knows of the store: the newest windows of every Web ACL, incidents, health. Answers
// fill it, events change it, and whoever listens is told once a frame what kind of thing changed.

import { indexAt } from "./viewport.js";

/** Windows of one Web ACL that are asked for and kept at the start. */
export const NEWEST = 1_000;
const MOST_KEPT = 2 * NEWEST;
export const COLUMNS = [
  "start",
  "windows",
  "total",
  "allowed",
  "blocked",
  "counted",
  "captcha",
  "challenge",
  "other",
  "late",
  "incomplete",
  "findings",
  "expected",
  "lower",
  "upper",
];

export class Knowledge {
  acls = new Map();
  series = new Map();
  incidents = new Map();
  health = null;
  windowSize = 60_000;
  isLoaded = false;
  /** Counts changes of anything but health: what was drawn of an earlier version is stale. */
  version = 0;
  #listeners = [];
  #changed = new Set();

  /** Calls `listener` with the set of what changed: `acls`, `windows`, `incidents`, `health`. */
  listen(listener) {
    this.#listeners.push(listener);
  }

  setAcls({ acls, window_ms }) {
    this.acls = new Map(acls.map((acl) => [acl.acl, acl]));
    this.windowSize = window_ms || this.windowSize;
    this.#tell("acls");
  }

  setWindows({ series, window_ms }) {
    this.series = new Map(series.map((one) => [one.acl, one]));
    this.windowSize = window_ms || this.windowSize;
    this.#tell("windows");
  }

  setIncidents({ incidents }) {
    this.incidents = new Map(incidents.map((incident) => [incident.id, incident]));
    this.#tell("incidents");
  }

  setHealth(health) {
    this.health = health;
    this.#tell("health");
  }

  /** Takes changed windows; says whether one of a Web ACL that was unknown is among them. */
  changeWindows({ series }) {
    let isAnyNew = false;
    for (const changed of series) {
      const known = this.series.get(changed.acl);
      isAnyNew ||= !this.acls.has(changed.acl);
      const added = known ? merge(known, changed) : changed.start.length;
      if (!known) this.series.set(changed.acl, changed);
      this.#extend(changed, added);
    }
    this.#tell("windows");
    return isAnyNew;
  }

  /** Takes changed incidents; returns those that were not known. */
  changeIncidents({ incidents }) {
    const fresh = incidents.filter((incident) => !this.incidents.has(incident.id));
    for (const incident of incidents) this.incidents.set(incident.id, incident);
    this.#tell("incidents");
    return fresh;
  }

  /** Incidents of one Web ACL or of all: open ones first, then the newest. */
  incidentsOf(acl = null) {
    const wanted = [...this.incidents.values()].filter((incident) => acl === null || incident.acl === acl);
    return wanted.sort(byUrgency);
  }

  #extend({ acl, start }, added) {
    const known = this.acls.get(acl);
    if (!known || start.length === 0) return;
    known.windows += added;
    known.until = Math.max(known.until ?? 0, start.at(-1) + this.windowSize);
    known.from = Math.min(known.from ?? Infinity, start[0]);
  }

  #tell(what) {
    if (what !== "health") this.version += 1;
    const isFirst = this.#changed.size === 0;
    this.#changed.add(what);
    if (!isFirst) return;
    queueMicrotask(() => {
      const changed = this.#changed;
      this.#changed = new Set();
      for (const listener of this.#listeners) listener(changed);
    });
  }
}

function byUrgency(left, right) {
  const isOpen = (incident) => (incident.state === "open" ? 1 : 0);
  const open = isOpen(right) - isOpen(left);
  if (open !== 0) return open;
  if (left.state === "open" && right.severity !== left.severity) return right.severity - left.severity;
  return right.opened - left.opened || left.id.localeCompare(right.id);
}

/** Puts changed windows in; says how many were not there before. */
function merge(known, changed) {
  let added = 0;
  for (let from = 0; from < changed.start.length; from += 1) {
    const start = changed.start[from];
    const before = indexAt(known.start, start);
    const isKnown = known.start[before] === start;
    if (!isKnown) added += 1;
    for (const column of COLUMNS) {
      if (isKnown) known[column][before] = changed[column][from];
      else known[column].splice(before + 1, 0, changed[column][from]);
    }
  }
  const surplus = known.start.length - MOST_KEPT;
  if (surplus > 0) for (const column of COLUMNS) known[column].splice(0, surplus);
  return added;
}
