// Asks for the most frequent values of what is looked at, once it stands still.

import { showBreakdown, showBreakdownError } from "./breakdown.js";
import { byId } from "./dom.js";
import { ServerError, server } from "./server.js";

const PATIENCE = 250;
const LISTED = 8;

export class Breakdown {
  #panel;
  #filter = null;
  #baseline = "auto";
  #asked = null;
  #timer = 0;
  #abort = null;
  #repeat = () => {};

  constructor(panel) {
    this.#panel = panel;
  }

  /** Asks for `range` of the view's Web ACL, unless that was the last question. */
  ask(view, range, bounds) {
    byId("clear-window").hidden = view.window === null;
    const from = Math.max(0, Math.floor(Math.max(range.from, bounds.from)));
    const until = Math.ceil(Math.min(range.to, bounds.to));
    if (this.#asked !== null && this.#asked.acl !== view.acl) this.#filter = null;
    this.#repeat = () => this.#request({ acl: view.acl, from, until });
    this.#repeat();
  }

  #request(stretch) {
    const question = { ...stretch, limit: LISTED, baseline: this.#baseline, filter: this.#filter };
    if (JSON.stringify(question) === JSON.stringify(this.#asked) || question.until <= question.from) return;
    this.#asked = question;
    clearTimeout(this.#timer);
    this.#panel.setAttribute("aria-busy", "true");
    this.#timer = setTimeout(() => this.#fetch(question), PATIENCE);
  }

  async #fetch(question) {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    try {
      const top = await server.top(question, abort.signal);
      showBreakdown(top, {
        filter: (value) => this.#choose({ filter: value }),
        baseline: (kind) => this.#choose({ baseline: kind }),
      });
      this.#panel.setAttribute("aria-busy", "false");
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof ServerError)) throw error;
      this.#panel.setAttribute("aria-busy", "false");
      // A filter belongs to the process that gave it; another one shows everything instead.
      if (error.code === "not_found" && this.#filter !== null) this.#choose({ filter: null });
      else showBreakdownError(error.message);
    }
  }

  #choose({ filter = this.#filter, baseline = this.#baseline }) {
    this.#filter = filter;
    this.#baseline = baseline;
    this.#repeat();
    byId("breakdown-title").focus();
  }
}
