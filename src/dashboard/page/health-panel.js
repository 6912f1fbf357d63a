// How wafwatch itself stands: what comes in, how late, what was refused, and whether people are told.

import { byId, element, quoted, replace } from "./dom.js";
import { duration, number, plural, timeElement } from "./format.js";

const MODES = { watch: "follows its input", demo: "has played generated logs", serve: "only shows a store" };

/** Shows the figures. */
export function showHealth(health) {
  byId("health-panel").hidden = false;
  byId("health-about").textContent = `wafwatch ${health.version} ${MODES[health.mode] ?? ""}`;
  replace(
    byId("health"),
    input(health),
    lateness(health),
    refused(health),
    messages(health),
    analyst(health),
  );
}

const time = (value) => (value === null ? "nothing yet" : timeElement(value));
const lag = (seconds) => (seconds === null ? "–" : duration(seconds * 1_000));

function group(title, rows, ...more) {
  return element(
    "section",
    { class: "card" },
    element("h3", {}, title),
    element(
      "dl",
      {},
      rows.map(([name, value, level]) =>
        element("div", { class: level ?? null }, element("dt", {}, name), element("dd", {}, value)),
      ),
    ),
    more,
  );
}

function input(health) {
  const { rate, inputs, mode } = health;
  const isLive = mode === "watch";
  const perSecond = rate.span_seconds > 0 ? `${number(rate.accepted_per_second)} records/s` : "–";
  return group(
    "Input",
    [
      ["Rate in", perSecond],
      ["Inputs", `${number(inputs.all)}, ${number(inputs.finished)} ended`],
      ["Watermark", time(health.watermark)],
      ...(isLive ? [["Behind the clock", lag(health.lag_seconds)]] : []),
      ["Closed through", time(health.store.closed_through)],
      ...(isLive ? [["Closed behind the clock", lag(health.close_lag_seconds)]] : []),
      ["Windows", `${number(health.store.windows)} closed, ${number(health.store.open_windows)} open`],
    ],
    slowest(inputs.slowest),
  );
}

function slowest(inputs) {
  if (inputs.length < 2) return null;
  return element(
    "details",
    {},
    element("summary", {}, "Slowest inputs"),
    element(
      "ul",
      {},
      inputs.map(({ name, watermark, accepted }) =>
        element("li", {}, quoted(name), ": ", time(watermark), `, ${plural(accepted, "record")}`),
      ),
    ),
  );
}

function lateness({ late }) {
  return group("Late", [
    ["Late records", number(late.records)],
    ["Windows they came to", number(late.windows)],
    ["Incomplete windows", number(late.incomplete_windows), late.incomplete_windows > 0 ? "warn" : null],
    ["Since", time(late.from)],
  ]);
}

function refused({ accounts, rate }) {
  const share =
    rate.rejected_per_second > 0
      ? [["Rejected now", `${number(rate.rejected_per_second)} records/s`, "warn"]]
      : [];
  const reasons = accounts.rejected_by_reason.map(({ reason, count }) => [
    element("span", { class: "reason" }, quoted(reason)),
    number(count),
  ]);
  return group("Records", [
    ["Read", number(accounts.read)],
    ["Accepted", number(accounts.accepted)],
    ["Rejected", number(accounts.rejected), accounts.rejected > 0 ? "warn" : null],
    ...share,
    ...reasons,
    ...(accounts.outside_range > 0 ? [["Outside the range asked for", number(accounts.outside_range)]] : []),
  ]);
}

function messages({ outbox, channels }) {
  const rows = [
    ["Events", `${number(outbox.events)}, ${number(outbox.unexplained)} not explained`],
    [
      "Waiting",
      `${number(outbox.waiting)}, ${number(outbox.retrying)} tried again`,
      outbox.retrying > 0 ? "warn" : null,
    ],
    ["Given up", number(outbox.dead), outbox.dead > 0 ? "bad" : null],
  ];
  return group(
    "Messages",
    rows,
    channels.length > 0
      ? element("ul", { class: "channels" }, channels.map(channel))
      : element("p", { class: "muted" }, "No channel is set up: nobody is told but this page."),
  );
}

function channel(one) {
  const state =
    one.dead > 0
      ? ["bad", `${number(one.dead)} given up`]
      : one.retrying > 0
        ? ["warn", `${number(one.retrying)} tried again`]
        : ["", "in order"];
  return element(
    "li",
    { class: state[0] },
    quoted(one.name),
    one.kind ? ` (${one.kind})` : " (no longer set up)",
    `: ${number(one.delivered)} delivered, `,
    state[1],
    one.last_success ? [", last ", timeElement(one.last_success)] : null,
    one.last_error ? element("p", { class: "error" }, quoted(one.last_error)) : null,
  );
}

function analyst({ analyst: told }) {
  const rows = [
    ["Explanations", number(told.explanations)],
    ["By a model", `${number(told.answered)} of ${number(told.asked)} asked`],
  ];
  if (told.fell_back > 0) rows.push(["Fell back to the rules", number(told.fell_back), "warn"]);
  rows.push(["Tokens", `${number(told.input_tokens)} in, ${number(told.output_tokens)} out`]);
  rows.push([
    "Cost",
    told.cost_usd === null ? (told.asked > 0 ? "no price known" : "none") : `$${told.cost_usd.toFixed(2)}`,
  ]);
  if (told.unpriced > 0) rows.push(["Without a price", number(told.unpriced)]);
  return group("Analyst", rows);
}
