// The most frequent values of every dimension, with their bounds and their change against a baseline.

import { byId, element, quoted, replace } from "./dom.js";
import { number, percent, plural, span } from "./format.js";

const TITLES = {
  client_address: "Client addresses",
  rule: "Rules",
  counted_rule: "Counted rules",
  uri: "Paths",
  blocked_uri: "Blocked paths",
  country: "Countries",
  blocked_country: "Blocked countries",
  user_agent: "User agents",
  host: "Hosts",
  method: "Methods",
  label: "Labels",
  ja3: "JA3 fingerprints",
  ja4: "JA4 fingerprints",
  http_source: "Protected resources",
  other_action: "Other actions",
};
const BASELINES = { before: "the time before", day: "a day earlier", week: "a week earlier" };
const ONE = { client_address: "address", rule: "rule" };

/** Shows an answer; `chosen.filter(value)` and `chosen.baseline(kind)` are called for what is clicked. */
export function showBreakdown(top, chosen) {
  const { range } = top;
  const incomplete = range.incomplete > 0 ? `, ${number(range.incomplete)} incomplete` : "";
  const cut = top.is_cut ? "; the range holds more than is added up, so these are its newest windows" : "";
  byId("breakdown-about").textContent =
    `${span(range.from, range.until)}: ${plural(range.windows, "window")}, ${plural(range.counters.total, "request")}${incomplete}${cut}`;
  showBaselines(top, chosen);
  showFilter(top, chosen);
  const perWindow = { range: range.windows, baseline: top.baseline?.windows ?? 0 };
  replace(
    byId("breakdown"),
    top.lists.length > 0
      ? top.lists.map((list) => card(list, perWindow, top.filter, chosen))
      : element("p", { class: "muted" }, "No requests in this stretch of time."),
  );
}

/** Says why there is nothing to show. */
export function showBreakdownError(message) {
  byId("breakdown-about").textContent = "";
  replace(byId("breakdown"), element("p", { class: "error" }, message));
}

function showBaselines(top, chosen) {
  const select = byId("baseline");
  const kinds = top.baselines.map((kind) => [kind, BASELINES[kind] ?? kind]);
  if (kinds.length === 0) kinds.push(["none", "nothing: too little is stored"]);
  replace(
    select,
    kinds.map(([kind, name]) =>
      element("option", { value: kind, selected: kind === top.baseline_kind }, name),
    ),
  );
  select.disabled = kinds.length < 2;
  select.onchange = () => chosen.baseline(select.value);
}

function showFilter({ filter, range }, chosen) {
  const bar = byId("filter");
  bar.hidden = !filter;
  if (!filter) return;
  const parts = [`${bounds(filter.total)} requests`];
  if (filter.blocked) parts.push(`${bounds(filter.blocked)} blocked`);
  if (filter.allowed) parts.push(`${bounds(filter.allowed)} allowed`);
  replace(
    bar,
    element(
      "p",
      {},
      `Only ${ONE[filter.dimension] ?? "value"} `,
      quoted(filter.key),
      `: ${parts.join(", ")}. `,
      element(
        "span",
        { class: "muted" },
        `${number(filter.profiled_windows)} of ${plural(range.windows, "window")} kept a profile of it.`,
      ),
    ),
    element("button", { type: "button", id: "clear-filter", onclick: () => chosen.filter(null) }, "Show all"),
  );
}

function card(list, perWindow, filter, chosen) {
  const title = TITLES[list.dimension] ?? list.dimension;
  const most = Math.max(1, ...list.items.map(({ lower }) => lower));
  const id = `dimension-${list.dimension}`;
  const rest = list.unlisted > 0 ? `Any value that is not listed: ${number(list.unlisted)} at most.` : "";
  return element(
    "section",
    { class: "card", "aria-labelledby": id },
    element(
      "h4",
      { id },
      title,
      list.is_exact
        ? null
        : element(
            "span",
            { class: "muted inexact", title: "Counts are guaranteed lower and upper bounds" },
            " bounds",
          ),
    ),
    element(
      "table",
      { "aria-labelledby": id },
      element(
        "colgroup",
        {},
        element("col"),
        element("col", { class: "count" }),
        element("col", { class: "change" }),
      ),
      element(
        "thead",
        { class: "visually-hidden" },
        element(
          "tr",
          {},
          ["Value", "Requests", "Change per window"].map((head) => element("th", { scope: "col" }, head)),
        ),
      ),
      element(
        "tbody",
        {},
        list.items.map((item, place) => row(list, item, place, most, perWindow, filter, chosen)),
      ),
    ),
    element("p", { class: "muted rest" }, rest),
  );
}

function row(list, item, place, most, perWindow, filter, chosen) {
  const canFilter = item.filter && !filter;
  const value = quoted(item.key, { title: undefined });
  const name = canFilter
    ? element(
        "button",
        {
          type: "button",
          class: "link",
          id: `top-${list.dimension}-${place}`,
          title: "Show only what goes with this",
          onclick: () => chosen.filter(item.filter),
        },
        value,
      )
    : value;
  const bar = element("span", { class: "bar", "aria-hidden": "true" });
  bar.style.width = `${(item.lower / most) * 100}%`;
  const share = list.weight ? percent(item.lower / list.weight) : null;
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, bar, name),
    element("td", { class: "count", title: share ? `${share} of all` : null }, bounds(item)),
    element("td", { class: "change" }, change(item, perWindow)),
  );
}

function bounds({ lower, upper }) {
  return lower === upper ? number(lower) : `${number(lower)}–${number(upper)}`;
}

function change(item, { range, baseline }) {
  if (item.change === null || !item.baseline || baseline === 0) return "";
  const before = item.baseline.lower / baseline;
  const now = item.lower / Math.max(1, range);
  const title = `${number(now)} per window, before ${number(before)}${item.is_change_certain ? "" : "; within what the bounds leave open"}`;
  if (!item.is_change_certain || Math.abs(item.change) < 0.005)
    return element("span", { class: "muted", title }, "≈");
  if (item.baseline.upper === 0) return element("span", { class: "up", title }, "new");
  const factor = before > 0 ? now / before : Infinity;
  const isMuch = factor >= 2 && Number.isFinite(factor);
  const text = isMuch
    ? `×${number(factor)}`
    : `${item.change > 0 ? "+" : "−"}${number(Math.abs(item.change))}`;
  return element("span", { class: isMuch ? "up" : null, title }, text);
}
