// A product by its id.

import { go } from "../address.js";
import { json } from "../api.js";
import { el } from "../dom.js";

/**
 * The field: what is typed is the state of the page, so that a link and Back have it.
 * @returns {{element: HTMLFormElement, show: (id: string) => void}} show: what is looked for
 */
export function finder() {
  const field = el("input", { id: "find", type: "search", maxlength: 1000, autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  const element = el("form", { class: "find", role: "search" },
    el("label", { for: field.id }, "Product id"), field, el("button", { type: "submit" }, "Find"));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const id = field.value.trim();
    go("catalogue", id ? { id } : {});
  });
  return { element, show: (id) => (field.value = id) };
}

/**
 * Whether there is a product of exactly this id. The list is asked: that there is none is no error to it.
 * @param {string} id
 * @param {number} revision what the catalogue must have reached
 * @returns {Promise<boolean>}
 */
export async function isThere(id, revision) {
  const { products } = await json(`products?${new URLSearchParams({ limit: 1, after: before(id), min_revision: revision })}`);
  return products[0]?.product_id === id;
}

// what the list has right before it, by code point: no id goes on with the last one of all, which is no character
function before(id) {
  const points = Array.from(id, (own) => own.codePointAt(0));
  const last = points.pop();
  // 0xd800 to 0xdfff are halves of a pair
  return String.fromCodePoint(...points, last === 0xe000 ? 0xd7ff : Math.max(last - 1, 0), 0x10ffff);
}
