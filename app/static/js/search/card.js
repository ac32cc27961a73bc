// One product of a ranked list.

import { showPicture } from "../api.js";
import { el } from "../dom.js";
import { pathWords, scoreWords } from "../words.js";

/**
 * @param {object} result one of an answer's `results`
 * @returns {HTMLLIElement}
 */
export function card(result) {
  const title = result.title ?? result.product_id;
  const image = el("img", { alt: title });
  if (result.image_url) showPicture(image, result.image_url);
  return el("li", { class: "card" },
    el("span", { class: "picture" }, result.image_url && image),
    el("h3", {}, `${result.rank}. ${title}`), el("p", {}, pathWords(result.category)),
    el("p", {}, scoreWords(result)), el("p", {}, result.product_id));
}
