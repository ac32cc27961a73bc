// What is known of a product, as fields of a form.

import { LEVEL_NAMES, LEVELS } from "../category.js";
import { el } from "../dom.js";

const LABELS = { title: "Title", ...LEVEL_NAMES, url: "Web address" };

/**
 * The fields, filled in with `product`; the levels of the category suggest what the catalogue has.
 * @param {{category: object}[]} categories of /info
 * @param {{title?: string|null, url?: string|null, category?: object}} [product]
 * @returns {{element: HTMLElement, values: () => Object<string, string|null>}} values: null is unknown
 */
export function fields(categories, product = {}) {
  const filled = { title: product.title, url: product.url, ...product.category };
  const inputs = Object.fromEntries(Object.keys(LABELS).map((name) => [name, input(name, filled[name])]));
  const lists = LEVELS.map((level) => suggestions(level, inputs, categories));
  const levels = LEVELS.map((level) => labelled(LABELS[level], inputs[level], null, level));
  return {
    element: el("div", { class: "fields" },
      labelled(LABELS.title, inputs.title), el("div", { class: "levels" }, levels), labelled(LABELS.url, inputs.url), lists),
    values: () => Object.fromEntries(Object.entries(inputs).map(([name, own]) => [name, own.value.trim() || null])),
  };
}

/**
 * A field under its label.
 * @param {string} text
 * @param {HTMLElement} field with an id
 * @param {string|null} [hint]
 * @param {string} [column] what catalogues, filters and answers call it
 * @returns {HTMLElement}
 */
export function labelled(text, field, hint, column) {
  if (hint) field.setAttribute("aria-describedby", `${field.id}-hint`);
  return el("div", { class: "field" },
    el("div", { class: "row" }, el("label", { for: field.id }, text), column && el("code", { class: "muted" }, column)), field,
    hint && el("p", { class: "muted small", id: `${field.id}-hint` }, hint));
}

function input(name, value) {
  const type = name === "url" ? "url" : "text";
  const list = LEVELS.includes(name) && `known-${name}`;
  const placeholder = name === "url" && "https://";
  return el("input", { id: `field-${name}`, type, list, placeholder, value, maxlength: 2000, autocomplete: "off" });
}

/** The names of a level below what is written above it. */
function suggestions(level, inputs, categories) {
  const list = el("datalist", { id: `known-${level}` });
  const above = LEVELS.slice(0, LEVELS.indexOf(level));
  inputs[level].addEventListener("focus", () => {
    const under = categories.filter(({ category }) => above.every((own) => category[own] === (inputs[own].value.trim() || null)));
    const names = new Set(under.map(({ category }) => category[level]).filter((name) => name !== null));
    list.replaceChildren(...[...names].map((name) => el("option", { value: name })));
  });
  return list;
}
