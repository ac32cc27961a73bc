// The answer: what was found, filters, cards, more of them.

import { link } from "../address.js";
import { json } from "../api.js";
import { el } from "../dom.js";
import { counted } from "../words.js";
import { card } from "./card.js";
import { chips } from "./chips.js";
import { problem } from "./problem.js";
import { MOST, PAGE } from "./queries.js";

let reason = null; // why there are no scores, once it was asked for

/**
 * @param {import("./queries.js").Query} query
 * @param {{retry: () => void, choose: (categories: string[]) => void, more: () => void}} acts
 * @returns {HTMLElement}
 */
export function results(query, acts) {
  const found = query.answer?.results;
  const shown = query.error ? problem(query, acts) : found ? cards(found) : el("ol", { class: "cards", "aria-hidden": "true" }, Array.from({ length: PAGE }, blank));
  return el("section", { class: query.busy ? "results busy" : "results", "aria-label": "Results", "aria-busy": String(query.busy) },
    el("div", { class: "said" },
      el("h1", { id: "found", tabindex: -1, "data-focus": "found" }, heading(query)),
      found && !query.error && el("p", { class: "muted small number" }, facts(query.answer)),
      unscored(query) && noScores()),
    chips(query, acts.choose), shown, !query.error && found && more(query, acts.more));
}

/**
 * What was found, in one line.
 * @param {import("./queries.js").Query} query
 * @returns {string}
 */
export function heading({ kind, id, name, answer, error }) {
  // one of the visitor's own that is not in this browser has no name
  if (error) return kind === "photo" && name === id ? "No answer" : `No answer for ${name}`;
  if (!answer) return "Searching…";
  if (answer.results.length === 0) return "Nothing found here";
  if (kind === "product") return `Like ${name}`;
  if (answer.results[0].match === null) return "Closest products";
  return answer.results[0].match ? "Same product found" : "Nothing certain. Closest:";
}

// neighbours of a product have no scores anywhere, and nobody expects them
function unscored({ kind, answer, error }) {
  return kind !== "product" && !error && answer?.results[0]?.match === null;
}

// a line that says so; the service's own reason joins it as soon as it is there
function noScores() {
  const why = el("span", {});
  reason ??= json("info").then(({ calibration }) => brief(calibration.reason)).catch(() => (reason = null));
  reason?.then((words) => words && why.append(`: ${words}`));
  return el("p", { class: "muted small" }, "No scores", why, ". ", el("a", { href: link("status") }, "Status"), " has more.");
}

// what comes before brackets and consequences: the whole of it stands on Status
function brief(text) {
  return text?.split(/ \(|: /)[0];
}

function facts({ results, took_ms, cached }) {
  const time = took_ms < 1 ? "less than 1" : took_ms.toFixed(0);
  return `${counted(results.length, "product")} in ${time} ms${cached ? ", from the cache" : ""}`;
}

function cards(found) {
  if (found.length === 0) return el("p", { class: "muted" }, "There is no product in these categories. Take a filter away.");
  return el("ol", { id: "results", class: "cards" }, found.map(card));
}

function blank() {
  return el("li", { class: "card blank" }, el("span", { class: "picture" }));
}

// a page that is not full was the last one
function more({ answer, limit, busy }, act) {
  if (answer.results.length < limit || limit >= MOST) return null;
  return el("p", { class: "row more" }, el("button", { type: "button", "data-focus": "more", disabled: busy, onclick: act }, "Show more"));
}
