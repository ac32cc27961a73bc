// The side: what was asked, its box, and more photos.

import { link } from "../address.js";
import { el, icon } from "../dom.js";
import { picture, showFile } from "../picture.js";
import { boxed } from "./box.js";
import { written } from "./queries.js";

/**
 * The photo that was asked with, or the product.
 * @param {import("./queries.js").Query} query
 * @param {(box: number[]|null) => void} choose
 * @returns {(HTMLElement|null)[]}
 */
export function asked(query, choose) {
  if (query.kind === "product") return [still(productPicture(query.product))];
  if (!query.file) return [still(picture(null))];
  query.stage ??= boxed(photo(query.file), (box) => query.choose(box));
  query.choose = choose;
  query.stage.show(query.box);
  return [
    query.stage.element,
    el("p", { class: "row small" }, query.box
      ? el("button", { type: "button", "data-focus": "part", onclick: () => choose(null) }, icon("close"), "Whole photo")
      : el("button", { type: "button", "data-focus": "part", onclick: () => query.stage.begin() }, icon("crop"), "Mark a part"),
    el("span", { class: "muted hint" }, query.box ? "Only this part is searched." : "Or drag over what you mean.")),
  ];
}

/**
 * One small picture for each of several photos.
 * @param {import("./queries.js").Query[]} queries
 * @param {number} at
 * @returns {HTMLElement|null}
 */
export function tabs(queries, at) {
  if (queries.length < 2) return null;
  return el("nav", { class: "tabs", "aria-label": "Your photos" }, queries.map((own, place) => {
    const words = `Photo ${place + 1}, ${own.name}: ${stateOf(own)}`;
    return el("a", {
      href: link("search", written(queries, place)), "aria-current": place === at && "true",
      class: own.busy ? "picture busy" : "picture", title: own.name, "data-focus": `tab${place}`,
    }, own.file ? photo(own.file, words) : el("span", { class: "unseen" }, words));
  }));
}

function stateOf({ busy, error, answer }) {
  if (busy) return "searching";
  if (error) return "failed";
  const match = answer?.results[0]?.match;
  return match ? "found" : match === null ? "closest products" : "nothing certain";
}

function photo(file, alt = "The photo that is searched") {
  const image = el("img", { alt, draggable: "false" });
  image.addEventListener("error", () => image.classList.add("broken"));
  showFile(image, file);
  return image;
}

function productPicture(product) {
  const first = product?.images.find((own) => own.image_url);
  return picture(first?.image_url, product?.title ?? product?.product_id);
}

// on which no box can be drawn
function still(shown) {
  shown.classList.add("stage");
  return shown;
}
