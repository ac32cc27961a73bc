// How an answer came about: time of each stage, cache, generation.

import { el } from "../dom.js";
import { list } from "../list.js";
import { STAGES } from "../words.js";

/**
 * @param {import("./queries.js").Query} query one with an answer
 * @returns {HTMLElement}
 */
export function strip({ answer, timing }) {
  const stages = timing.filter(({ name, ms }) => name in STAGES && ms > 0);
  const all = stages.reduce((sum, { ms }) => sum + ms, 0);
  return el("section", { class: "strip small", "aria-label": "How it was answered" },
    el("h2", {}, "How it was answered"),
    el("p", { class: "bar", "aria-hidden": "true" }, stages.map(({ name, ms }) => segment(name, ms / all))),
    list([
      ...stages.map(({ name, ms }) => [el("span", {}, el("i", { class: `dot ${name}` }), STAGES[name]), `${ms.toFixed(1)} ms`]),
      ["In all", `${answer.took_ms.toFixed(1)} ms`],
      "cached" in answer && ["From the cache", answer.cached ? "yes" : "no"],
      ["Generation", answer.generation], ["Revision", answer.revision], ["Request", answer.request_id],
    ], "number"));
}

function segment(name, share) {
  const part = el("i", { class: name });
  part.style.setProperty("flex-grow", share);
  return part;
}
