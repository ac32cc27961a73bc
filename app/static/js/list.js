// Names with what belongs to them.

import { el } from "./dom.js";

/**
 * @param {([string|Node, ...(string|number|Node)[]]|null|undefined|false|"")[]} entries what is no entry is left out
 * @param {string} [look] class of the list
 * @returns {HTMLElement}
 */
export function list(entries, look = "list") {
  return el("dl", { class: look }, entries.filter(Boolean).map(([name, ...value]) =>
    el("div", {}, el("dt", { class: "muted" }, name), el("dd", {}, ...value))));
}
