// One incident in full: what to do, what was found, the course, the evidence, and what people say of it.

import { element, quoted, visible } from "./dom.js";
import { number, percent, plural, timeElement } from "./format.js";

const TOLD = { opened: "opened", worse: "grew worse", resolved: "resolved" };

/** The element of an incident's `detail`, beside `feedback`, the element of what people say of it. */
export function detailOf(detail, feedback) {
  const assessment = detail.report?.ai_assessment;
  return element(
    "div",
    { class: "detail", id: "incident-detail", role: "region", "aria-label": "The incident in full" },
    feedback,
    assessment
      ? summary(assessment)
      : element("p", { class: "muted" }, "Nobody has explained it yet: the report follows."),
    element(
      "div",
      { class: "columns" },
      assessment ? actions(assessment) : null,
      findings(detail.findings),
      assessment ? causes(assessment) : null,
      course(detail),
    ),
    assessment ? offenders(assessment.primary_offenders ?? []) : null,
    evidence(detail),
    reportText(detail),
  );
}

/** While it is fetched, or where that failed. */
export function placeholder(text, isError) {
  return element(
    "div",
    { class: "detail", id: "incident-detail" },
    element("p", { class: isError ? "error" : "muted", role: isError ? "alert" : null }, text),
  );
}

/** What to do first, for the first glance. */
export const firstStep = (detail) => detail.report?.ai_assessment?.recommended_actions?.[0] ?? null;

const part = (title, ...content) => element("section", {}, element("h4", {}, title), content);

const summary = ({ executive_summary: text }) => element("p", { class: "summary" }, quoted(text));

function actions({ recommended_actions: steps = [] }) {
  if (steps.length === 0) return null;
  return part(
    "What to do",
    element(
      "ol",
      { class: "steps" },
      steps.map((step) => element("li", {}, quoted(step))),
    ),
  );
}

function findings(list) {
  return part(
    "What was found",
    element(
      "ul",
      { class: "findings" },
      list.map((finding) =>
        element(
          "li",
          { class: finding.muted ? "muted" : null },
          quoted(finding.words),
          finding.muted ? [" (muted: ", quoted(finding.muted), ")"] : null,
        ),
      ),
    ),
  );
}

function causes({ anomaly_cause: told, cause, confidence, possible_causes: others = [] }) {
  return part(
    "Why",
    element("p", {}, element("strong", {}, spaced(cause)), ` (confidence ${share(confidence)})`),
    told ? element("p", {}, quoted(told)) : null,
    others.length > 0
      ? element(
          "details",
          {},
          element("summary", {}, plural(others.length, "other possible cause")),
          element(
            "ul",
            {},
            others.map((other) =>
              element(
                "li",
                {},
                `${spaced(other.cause)} (${share(other.confidence)}): `,
                quoted(other.reason),
              ),
            ),
          ),
        )
      : null,
  );
}

const share = (confidence) => Number(confidence).toFixed(2);
const spaced = (name) => visible(String(name ?? "").replaceAll("_", " "));

function course({ incident, timeline, deliveries }) {
  const rows = timeline.map((event) => {
    const sent = deliveries.filter((delivery) => delivery.event === event.id);
    return element(
      "li",
      {},
      timeElement(event.at),
      ` ${TOLD[event.kind] ?? event.kind}, severity ${number(event.severity)}`,
      sent.map(({ channel, state, error }) =>
        element(
          "div",
          { class: "muted" },
          quoted(channel),
          `: ${state}`,
          error ? [", ", quoted(error)] : null,
        ),
      ),
    );
  });
  const end =
    incident.state === "open"
      ? element("li", {}, "goes on; last window with a finding ended ", timeElement(incident.last))
      : null;
  return part(
    "Course",
    element(
      "ol",
      { class: "course" },
      element("li", {}, timeElement(incident.opened), " first window with a finding"),
      rows,
      end,
    ),
  );
}

function offenders(list) {
  if (list.length === 0) return null;
  const heads = ["Address", "Requests", "Blocked", "Allowed", "Paths", "User agents"];
  const values = (texts = []) =>
    element(
      "td",
      {},
      texts.slice(0, 3).map((text) => element("div", {}, quoted(text))),
    );
  const row = (one) =>
    element(
      "tr",
      {},
      element(
        "th",
        { scope: "row" },
        quoted(one.address),
        one.countries?.length
          ? element("span", { class: "muted" }, ` ${visible(one.countries.join(", "))}`)
          : null,
      ),
      [one.total, one.blocked, one.allowed].map((count) => element("td", { class: "count" }, number(count))),
      values(one.uris),
      values(one.user_agents),
    );
  return part(
    "Addresses",
    element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Addresses of the incident" },
      element(
        "table",
        {},
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            heads.map((head, place) =>
              element("th", { scope: "col", class: place >= 1 && place <= 3 ? "count" : null }, head),
            ),
          ),
        ),
        element("tbody", {}, list.map(row)),
      ),
    ),
  );
}

function evidence({ counters, mix_words: mix, report, incident }) {
  const share = counters.total > 0 ? ` (${percent(counters.blocked / counters.total)})` : "";
  const facts = [
    [
      "Requests in its windows",
      `${number(counters.total)}: ${number(counters.blocked)} blocked${share}, ${number(counters.allowed)} allowed, ${number(counters.counted)} counted`,
    ],
    ["Windows with a finding", number(incident.windows)],
  ];
  if (mix) facts.push(["Request mix", visible(mix)]);
  const rules = report?.ai_assessment?.evidence?.top_rules ?? [];
  if (rules.length > 0) facts.push(["Rules", listed(rules)]);
  const uris = report?.ai_assessment?.evidence?.top_uris ?? [];
  if (uris.length > 0) facts.push(["Paths", listed(uris)]);
  if (report?.cloudtrail) facts.push(["Changes of the Web ACL", changes(report.cloudtrail)]);
  if (report?.model_used) facts.push(["Analyst", quoted(report.model_used)]);
  facts.push(["Incident", quoted(incident.id)]);
  return part(
    "Evidence",
    element(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
    ),
  );
}

const listed = (items) =>
  element(
    "ul",
    {},
    items.slice(0, 6).map(({ key, count }) => element("li", {}, quoted(key), ` ${number(count)}`)),
  );

function changes({ connected, changes: told = [] }) {
  if (!connected) return "no change log connected";
  return told.length === 0
    ? "none found"
    : element(
        "ul",
        {},
        told.map((change) => element("li", {}, quoted(change))),
      );
}

function reportText({ report_text: text }) {
  if (!text) return null;
  const lines = text.split("\n").map(visible).join("\n");
  return element(
    "details",
    { class: "report" },
    element("summary", {}, "The whole report"),
    element("pre", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Report as text" }, lines),
  );
}
