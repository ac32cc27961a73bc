// The answer: what was found, filters, cards, more of them.

import { el } from "../dom.js";
import { counted } from "../words.js";
import { card } from "./card.js";
import { chips } from "./chips.js";
import { problem } from "./problem.js";
import { MOST, PAGE } from "./queries.js";

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
      found && !query.error && el("p", { class: "muted small number" }, facts(query.answer))),
    chips(query, acts.choose), shown, !query.error && found && more(query, acts.more));
}

/**
 * What was found, in one line.
 * @param {import("./queries.js").Query} query
 * @returns {string}
 */
export function heading({ kind, name, answer, error }) {
  if (error) return "No answer";
  if (!answer) return "Searching…";
  if (answer.results.length === 0) return "Nothing found here";
  if (kind === "product") return `Like ${name}`;
  return answer.results[0].match ? "Same product found" : "Nothing certain. Closest:";
}

function facts({ results, took_ms, cached }) {
  return `${counted(results.length, "product")} in ${took_ms.toFixed(0)} ms${cached ? ", from the cache" : ""}`;
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
