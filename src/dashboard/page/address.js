// What is looked at stands in the address, so that a link shows another person the same.

const NUMBERS = ["from", "to", "window"];
const TEXTS = ["acl", "incident"];

/** What the address says: `{ acl, incident, from, to, window }`, each or null. */
export function read(hash = location.hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const view = {};
  for (const name of TEXTS) view[name] = given.get(name) || null;
  for (const name of NUMBERS) {
    const value = Number(given.get(name));
    view[name] = given.has(name) && Number.isSafeInteger(value) && value >= 0 ? value : null;
  }
  if (view.from === null || view.to === null || view.from >= view.to) view.from = view.to = null;
  return view;
}

/** The address of a view. */
export function hashOf(view) {
  const given = [...TEXTS, ...NUMBERS].filter((name) => view[name] !== null && view[name] !== undefined);
  const text = new URLSearchParams(given.map((name) => [name, String(view[name])])).toString();
  return text ? `#${text}` : "#";
}

const REST = 200;
let timer = 0;

/**
 * Writes the view into the address; a step that a person may want to go back from gets an entry of its own.
 * What moves is written when it rests: browsers refuse an address that changes with every frame.
 */
export function write(view, { isStep }) {
  clearTimeout(timer);
  if (isStep) put(view, "pushState");
  else timer = setTimeout(() => put(view, "replaceState"), REST);
}

function put(view, how) {
  const hash = hashOf(view);
  if (hash !== (location.hash || "#")) history[how](null, "", hash);
}
