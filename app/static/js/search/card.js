// One product of a ranked list.

import { link } from "../address.js";
import { pathWords } from "../category.js";
import { el, outside } from "../dom.js";
import { picture } from "../picture.js";
import { scoreWords } from "../words.js";

/**
 * @param {object} result one of an answer's `results`
 * @returns {HTMLLIElement}
 */
export function card(result) {
  const title = result.title ?? result.product_id;
  return el("li", { class: result.match ? "card same" : "card" },
    picture(result.image_url, title),
    el("div", { class: "about" },
      el("p", { class: "score number" }, scoreWords(result)),
      el("h3", { class: "clipped" }, el("a", { href: link("catalogue", { product: result.product_id }), title }, title)),
      el("p", { class: "muted small" }, pathWords(result.category)),
      el("p", { class: "muted small id" }, result.product_id)),
    el("p", { class: "row small" },
      el("a", { href: link("search", { product: result.product_id }) }, "More like this", el("span", { class: "unseen" }, `: ${title}`)),
      outside(result.url, "In the shop", el("span", { class: "unseen" }, `: ${title}`))));
}
