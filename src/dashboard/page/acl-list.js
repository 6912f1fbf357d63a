// The Web ACLs, each with its newest hour and whether an incident goes on.

import { byId, drawing, element, quoted, replace } from "./dom.js";
import { compact, percent } from "./format.js";
import { hashOf } from "./address.js";

const SPARK = { width: 96, height: 24, windows: 60 };

/** Shows the list; each entry is a link, so that it can be opened beside this one. */
export function showAcls(knowledge, chosen) {
  const acls = [...knowledge.acls.values()].sort(
    (left, right) => left.name.localeCompare(right.name) || left.acl.localeCompare(right.acl),
  );
  replace(
    byId("acls"),
    acls.map((acl) => entry(knowledge, acl, acl.acl === chosen)),
  );
  replace(byId("acls-current"), acls.length > 1 ? `${acls.length}` : "");
}

function entry(knowledge, acl, isChosen) {
  const series = knowledge.series.get(acl.acl);
  const last = series ? series.start.length - 1 : -1;
  const total = last >= 0 ? series.total[last] : 0;
  const incident = acl.open_incident ? knowledge.incidents.get(acl.open_incident) : null;
  const share = total > 0 ? `, ${percent(series.blocked[last] / total)} blocked` : "";
  return element(
    "li",
    {},
    element(
      "a",
      {
        href: hashOf({ acl: acl.acl }),
        id: `acl-${acl.acl}`,
        "aria-current": isChosen ? "page" : null,
        title: acl.arn,
      },
      element(
        "span",
        { class: "acl-title" },
        quoted(acl.name),
        incident ? element("span", { class: `badge level-${incident.level}` }, incident.level) : null,
      ),
      sparkline(series),
      element("span", { class: "muted" }, `${compact(total)} last window${share}`),
    ),
  );
}

function sparkline(series) {
  const picture = drawing("svg", {
    class: "spark",
    viewBox: `0 0 ${SPARK.width} ${SPARK.height}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  if (!series) return picture;
  const first = Math.max(0, series.start.length - SPARK.windows);
  const most = Math.max(1, ...series.total.slice(first));
  const path = (column) => {
    const width = SPARK.width / SPARK.windows;
    const bars = series[column].slice(first).map((value, index) => {
      const height = (value / most) * SPARK.height;
      return height > 0 ? `M${index * width} ${SPARK.height}v${-height}h${width}v${height}z` : "";
    });
    return bars.join("");
  };
  picture.append(
    drawing("path", { class: "spark-total", d: path("total") }),
    drawing("path", { class: "spark-blocked", d: path("blocked") }),
  );
  return picture;
}
