// Builds elements. Text from records is hostile, so whatever is shown goes in as text: there is no way
// here to hand over HTML.

const SVG = "http://www.w3.org/2000/svg";

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * An element: `element("button", { class: "quiet", type: "button", onclick }, "Undo")`.
 * Properties that begin with `on` are listeners; those without a value are left out.
 */
export function element(name, properties = {}, ...children) {
  return filled(document.createElement(name), properties, children);
}

/** The same for a drawing. */
export function drawing(name, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, name), properties, children);
}

function filled(made, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** Puts `children` in place of what `parent` holds, and keeps the focus where its `id` still exists. */
export function replace(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : "";
  parent.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  if (focused) byId(focused)?.focus({ preventScroll: true });
}

/** Text of a record on one line: what would break the line or turn the direction is shown by its number. */
export function visible(text) {
  return String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`,
  );
}

/** A value of a record, apart from the text around it in direction and look. */
export function quoted(text, properties = {}) {
  return element(
    "bdi",
    { ...properties, class: `value ${properties.class ?? ""}`.trim(), dir: "ltr" },
    visible(text),
  );
}
