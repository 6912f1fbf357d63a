// Windows older than the newest ones that are kept: asked for when they come into view, in buckets as
// long as the range demands.

import { NEWEST } from "./knowledge.js";
import { noSeries } from "./layers.js";
import { ServerError, server } from "./server.js";

const PATIENCE = 150;
const MARGIN = 0.5;
/** How much coarser than needed an answer may be before a finer one is asked for. */
const COARSEST = 2;

export class History {
  #knowledge;
  #arrived;
  #answer = null;
  #asked = null;
  #timer = 0;
  #abort = null;

  /** `arrived()` is called when older windows are there. */
  constructor(knowledge, arrived) {
    this.#knowledge = knowledge;
    this.#arrived = arrived;
  }

  /** The stretch of the newest windows that are kept of `acl`. */
  newest(acl, bounds) {
    const starts = this.#knowledge.series.get(acl)?.start ?? [];
    return { from: starts.at(-NEWEST) ?? starts[0] ?? bounds.from, to: bounds.to };
  }

  /** The windows of `acl` for `range`, in buckets of `bucketSize`: the best that is there now. */
  series(acl, range) {
    const size = this.#knowledge.windowSize;
    const newest = this.#knowledge.series.get(acl);
    const first = newest?.start[0] ?? Infinity;
    if (newest && range.from >= first) return { series: newest, bucketSize: size };
    const answer = this.#answer?.acl === acl ? this.#answer : null;
    if (!answer || !this.#covers(answer, range, size)) this.#ask(acl, range);
    if (answer) return answer;
    return { series: newest ?? noSeries(acl), bucketSize: size };
  }

  #covers(answer, { from, to }, size) {
    const known = this.#knowledge.acls.get(answer.acl);
    const isWithin =
      answer.from <= Math.max(from, known?.from ?? from) && answer.until >= Math.min(to, known?.until ?? to);
    const needed = Math.max(size, ((to - from) * (1 + 2 * MARGIN)) / NEWEST);
    return isWithin && answer.bucketSize <= needed * COARSEST;
  }

  #ask(acl, { from, to }) {
    const key = `${acl} ${Math.round(from)} ${Math.round(to)}`;
    if (this.#asked === key) return;
    this.#asked = key;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(acl, from, to), PATIENCE);
  }

  async #fetch(acl, from, to) {
    this.#abort?.abort();
    this.#abort = new AbortController();
    const margin = (to - from) * MARGIN;
    const wanted = {
      acl,
      from: Math.max(0, Math.floor(from - margin)),
      until: Math.ceil(to + margin),
      points: NEWEST,
    };
    try {
      const answer = await server.windows(wanted, this.#abort.signal);
      const series = answer.series.find((one) => one.acl === acl) ?? noSeries(acl);
      this.#answer = { acl, from: wanted.from, until: wanted.until, series, bucketSize: answer.bucket_ms };
      this.#arrived();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof ServerError)) throw error;
      // What is there stays; the next change of the range asks again.
      this.#asked = null;
    }
  }
}
