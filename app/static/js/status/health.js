// Whether the service can answer, from /readyz?verbose: a 503 of it is an answer too.

import { address } from "../api.js";
import { el, icon } from "../dom.js";
import { list } from "../list.js";

const WORDS = { ok: "Ready", degraded: "Ready, but something is wrong", unavailable: "Not ready" };

/**
 * What /readyz says, or that the service does not answer: nothing does, or a proxy in its place.
 * @returns {Promise<{status: string, checks: object|null}>}
 */
export async function health() {
  const said = await fetch(address("readyz?verbose")).then((response) => response.json()).catch(() => null);
  return Object.hasOwn(WORDS, said?.status) ? said : { status: "unreachable", checks: null };
}

/**
 * The state in a word, with a dot of its colour.
 * @param {{status: string}} health
 * @returns {HTMLElement}
 */
export function badge({ status }) {
  return el("p", { class: `badge ${status}` }, el("span", { class: "light", "aria-hidden": "true" }), WORDS[status] ?? "The service does not answer");
}

/**
 * The checks one by one.
 * @param {{status: string, checks: object|null}} health
 * @returns {Node[]}
 */
export function checks({ checks: own }) {
  const title = el("h2", {}, "Readiness");
  if (!own) return [title, el("p", { class: "notice" }, icon("warning"), "Nothing is known of it: the service does not answer.")];
  return [title, list([
    ["Served", own.generation ? el("code", {}, own.generation) : "nothing yet"],
    ["Loading", own.loading ? el("code", {}, own.loading) : "nothing"],
    ["Refused", own.refused ? `${own.refused.generation ?? ""} ${own.refused.reason}` : "nothing"],
    ["Cache", own.cache],
    ["Process", own.process],
  ])];
}
