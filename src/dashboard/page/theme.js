// Light or dark: what the system prefers, until the switch says otherwise.

import { byId } from "./dom.js";

const KEY = "wafwatch-theme";
/** Colours that were asked for: every question would have the browser lay the page out. */
const colours = new Map();
const NEXT = { system: "light", light: "dark", dark: "system" };

/** Sets the switch up; `changed` is called when colours are others than before. */
export function followTheme(changed) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");
  let choice = NEXT[stored()] ? stored() : "system";
  const apply = () => {
    const isDark = choice === "dark" || (choice === "system" && system.matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    colours.clear();
    button.textContent = `Theme: ${choice}`;
    button.setAttribute("aria-label", `Theme: ${choice}. Change to ${NEXT[choice]}`);
    changed();
  };
  button.addEventListener("click", () => {
    choice = NEXT[choice];
    store(choice);
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}

// A browser that keeps nothing for this site still shows it.
function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // The choice then holds until the page is left.
  }
}

/** A colour of the theme that is shown, for what is drawn rather than styled. */
export function colour(name) {
  if (!colours.has(name))
    colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return colours.get(name);
}
