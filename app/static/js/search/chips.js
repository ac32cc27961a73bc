// What the photo is taken for, as filters, the widest level first: of several, any.

import { LEVEL_NAMES, LEVELS, levelOf, nameOf } from "../category.js";
import { el } from "../dom.js";
import { percent } from "../words.js";

const LEAST = 0.05;
const MOST = 3;

/**
 * @param {import("./queries.js").Query} query
 * @param {(categories: string[]) => void} choose
 * @returns {HTMLElement|null}
 */
export function chips(query, choose) {
  const offered = LEVELS.flatMap((level) => guesses(query.answer?.query?.categories[level] ?? [], level, query.categories));
  const named = new Set(offered.map((own) => own.filter));
  const others = query.categories.filter((filter) => !named.has(filter)).map((filter) => ({ filter, name: nameOf(filter) }));
  const all = [...offered, ...others];
  if (all.length === 0) return null;
  const rows = [...LEVELS, null].map((level) => row(level, all.filter((own) => levelOf(own.filter) === level), query.categories, choose));
  return el("div", { class: "filters", role: "group", "aria-label": "Search only in" },
    el("p", { class: "row" }, el("span", { class: "muted small", "aria-hidden": "true" }, "Search only in"),
      query.categories.length > 0 && el("button", { type: "button", class: "quiet chip", "data-focus": "all", onclick: () => choose([]) }, "All categories")),
    rows);
}

// the chips of a level beside its name; null: of those that do not say theirs
function row(level, own, chosen, choose) {
  if (own.length === 0) return null;
  const name = LEVEL_NAMES[level] ?? "Chosen";
  const line = el("div", { class: "chips" }, own.map((one) => chip(one, chosen, choose)));
  queueMicrotask(() => toChosen(line));
  return el("div", { class: "level", role: "group", "aria-label": name },
    el("span", { class: "small", "aria-hidden": "true" }, name), line);
}

// on a phone a line is wider than the page, and begins anew when it is drawn anew
function toChosen(line) {
  const first = line.querySelector("[aria-pressed=true]");
  if (first) line.scrollLeft = first.offsetLeft - line.firstChild.offsetLeft;
}

function guesses(own, level, chosen) {
  return own
    .map(({ id, probability }) => ({ filter: `${level}:${id}`, name: id, probability }))
    .filter(({ filter, probability }, place) => (place < MOST && probability >= LEAST) || chosen.includes(filter));
}

function chip({ filter, name, probability }, chosen, choose) {
  const pressed = chosen.includes(filter);
  const next = pressed ? chosen.filter((own) => own !== filter) : [...chosen, filter];
  return el("button", { type: "button", class: "chip", "aria-pressed": String(pressed), "data-focus": filter, title: filter, onclick: () => choose(next) },
    name, probability !== undefined && el("span", { class: "share number" }, percent(probability)));
}
