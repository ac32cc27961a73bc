// What the service does at this moment, from its metrics.

import { el } from "../dom.js";
import { grouped, percent, size, STAGES } from "../words.js";
import { spark } from "./spark.js";
import { duration, span } from "./times.js";

/**
 * The figures of now, each with a line since the page was opened.
 * @param {ReturnType<import("./history.js").History["figures"]>} figures
 * @returns {HTMLElement[]}
 */
export function tiles({ searches, time, cache, queue, refused, changes }) {
  return [
    figure("Searches a second", searches.value === null ? "–" : grouped(searches.value, 1), "answered", spark(searches.line)),
    figure("Time to answer", duration(time.p50), time.p50 === null ? "nobody asked" : `${duration(time.p95)} for 95 in 100`, spark(time.line)),
    figure("From the cache", cache.value === null ? "–" : percent(cache.value), cache.value === null ? "nobody asked" : "of the answers", spark(cache.line, 1)),
    figure("At work or waiting", grouped(queue.value), queue.value === 1 ? "photo" : "photos", spark(queue.line)),
    figure("Refused", grouped(refused.value), "too busy, or too many of one caller", spark(refused.line)),
    figure("Changes", grouped(changes.value), "of products", spark(changes.line)),
  ];
}

/**
 * What the process takes.
 * @param {{memory: number, cpu: number|null, since: number}} figures
 * @returns {string}
 */
export function processWords({ memory, cpu, since }) {
  const busy = cpu === null ? "" : `, ${percent(cpu)} of a core`;
  return `The process that answered has run for ${span(since)} and takes ${size(memory)} of memory${busy}.`;
}

/**
 * The time of each stage since the service started, as a table with bars.
 * @param {ReturnType<import("./history.js").History["stages"]>} times
 * @returns {HTMLElement}
 */
export function stageTable(stages) {
  const longest = Math.max(...stages.map(({ p95 }) => p95 ?? 0));
  const of = longest ? "Since the service started" : "Nobody has asked since the service started";
  return el("table", { class: "stages" }, el("caption", { class: "muted small" }, of),
    el("thead", {}, el("tr", {}, ["Stage", "Half within", "95 in 100 within"].map((name) => el("th", { scope: "col" }, name)), el("td", {}))),
    el("tbody", {}, stages.map(({ name, p50, p95 }) => el("tr", {},
      el("th", { scope: "row", title: name }, STAGES[name]),
      el("td", { class: "number" }, duration(p50)),
      el("td", { class: "number" }, duration(p95)),
      el("td", { class: "wide" }, bar(longest ? (p95 ?? 0) / longest : 0))))));
}

/**
 * A bar for a share, for the eye alone.
 * @param {number} share 0 to 1
 * @returns {HTMLElement}
 */
export function bar(share) {
  const filled = el("span", {});
  filled.style.setProperty("width", `${(share * 100).toFixed(1)}%`);
  return el("span", { class: "gauge", "aria-hidden": "true" }, filled);
}

/**
 * A figure under its name.
 * @param {string} name
 * @param {string} value
 * @param {string} [below]
 * @param {SVGElement} [line]
 * @returns {HTMLElement}
 */
export function figure(name, value, below, line) {
  return el("div", { class: "figure" }, el("dt", { class: "muted small" }, name),
    el("dd", {}, el("span", { class: "value number" }, value), below && el("span", { class: "muted small" }, below), line));
}
