// Fetches the chosen incident in full, and keeps what it said for the first glance.

import { feedbackOf } from "./feedback.js";
import { detailOf, firstStep, placeholder } from "./incident-detail.js";
import { showIncidents } from "./incidents.js";
import { ServerError, server } from "./server.js";

const WINDOWS_AROUND = 30;
const MOST_REPORTS = 100;

export class Inspector {
  #knowledge;
  #reports;
  #arrived;
  #chosen = null;
  #detail = null;
  /** What the detail was made of: one that says the same is left alone, under whoever reads or clicks. */
  #content = "";
  #fetching = new Set();
  /** What changed while it was fetched, so that the answer may be older than the change. */
  #outdated = new Set();
  #shown = "";

  /** `reports` takes what incidents say for the first glance; `arrived()` is called when that changed. */
  constructor(knowledge, reports, arrived) {
    this.#knowledge = knowledge;
    this.#reports = reports;
    this.#arrived = arrived;
  }

  /** Shows `incidents` with the chosen one in full. */
  show(incidents, chosen, open) {
    if (chosen !== this.#chosen) {
      this.#chosen = chosen;
      this.#content = "";
      this.#detail = chosen === null ? null : placeholder("Loading the incident…", false);
      if (chosen !== null) this.#fetch(chosen);
    }
    const running = this.#knowledge.incidentsOf()[0];
    const isUntold = running?.state === "open" && !this.#reports.has(running.id);
    if (isUntold && !this.#fetching.has(running.id)) this.#fetch(running.id);
    // Built anew only when something in it changed, so that nobody's place in a list is lost.
    const state = JSON.stringify([incidents, chosen]);
    if (state === this.#shown && (chosen === null || this.#detail?.isConnected)) return;
    this.#shown = state;
    showIncidents(incidents, chosen, this.#detail, open);
  }

  /** The incidents changed, and the chosen one perhaps with them. */
  refresh(chosen) {
    for (const id of this.#reports.keys()) {
      const known = this.#knowledge.incidents.get(id);
      if (known?.state === "open" && id !== chosen) this.#reports.delete(id);
    }
    if (chosen !== null && chosen === this.#chosen) this.#fetch(chosen);
  }

  /** After a lost connection nothing that was fetched before is to be trusted. */
  forget() {
    this.#reports.clear();
    if (this.#chosen !== null) this.#fetch(this.#chosen);
  }

  /** An incident's stretch of time with some before and after it. */
  around({ opened, last, resolved }, windowSize) {
    const margin = Math.max(WINDOWS_AROUND * windowSize, ((resolved ?? last) - opened) / 2);
    return { from: opened - margin, to: (resolved ?? last) + margin };
  }

  async #fetch(id) {
    if (this.#fetching.has(id)) {
      this.#outdated.add(id);
      return;
    }
    this.#fetching.add(id);
    try {
      const detail = await server.incident(id);
      if (this.#reports.size >= MOST_REPORTS) this.#reports.clear();
      this.#reports.set(id, { firstStep: firstStep(detail) });
      // One that is older than those that were listed.
      if (!this.#knowledge.incidents.has(id))
        this.#knowledge.changeIncidents({ incidents: [detail.incident] });
      if (id === this.#chosen) this.#tell(detail);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      this.#reports.set(id, { firstStep: null });
      if (id !== this.#chosen) return;
      this.#content = "";
      this.#put(placeholder(error.message, true));
    } finally {
      this.#fetching.delete(id);
      if (this.#outdated.delete(id)) this.#fetch(id);
      this.#arrived();
    }
  }

  #tell(detail) {
    const content = JSON.stringify(detail);
    if (content === this.#content) return;
    this.#content = content;
    const feedback = feedbackOf(detail.incident.id, detail.mark, (mark) => {
      detail.mark = mark;
      detail.incident.judgement = mark?.judgement ?? null;
      this.#content = JSON.stringify(detail);
    });
    this.#put(detailOf(detail, feedback));
  }

  #put(element) {
    const before = this.#detail;
    const openParts = [...(before?.querySelectorAll("details") ?? [])].map((part) => part.open);
    const focused = before?.contains(document.activeElement) ? document.activeElement.id : "";
    this.#detail = element;
    if (!before?.isConnected) {
      this.#shown = "";
      return;
    }
    before.replaceWith(element);
    [...element.querySelectorAll("details")].forEach(
      (part, place) => (part.open = openParts[place] ?? false),
    );
    // What had the focus may be gone with what was taken back; the focus stays beside it then.
    const next = document.getElementById(focused) ?? element.querySelector("#say-relevant");
    if (focused) next.focus({ preventScroll: true });
  }
}
