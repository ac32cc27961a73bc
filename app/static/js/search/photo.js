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
 * @param {() => void} changed is called when the file turns out to be no picture, or is shown in another size
 * @returns {(HTMLElement|null)[]}
 */
export function asked(query, choose, changed) {
  if (query.kind === "product") return [still(productPicture(query.product))];
  if (!query.file) return [still(picture(null))];
  if (query.broken) return [still(unshown(query))];
  query.stage ??= boxed(photo(query, "The photo that is searched", changed), (box) => query.choose(box));
  query.choose = choose;
  query.stage.show(query.box);
  return [
    el("div", { class: "shown" }, query.stage.element, !query.large && larger(query, changed)),
    el("p", { class: "row small" }, part(query), query.large && smaller(query, changed),
      el("span", { class: "muted hint" }, query.box ? "Only this part is searched." : "Or drag over what you mean.")),
  ];
}

function part(query) {
  const whole = () => {
    query.large = false;
    query.choose(null);
  };
  const mark = () => {
    query.large = true;
    query.stage.begin();
  };
  return query.box
    ? el("button", { type: "button", "data-focus": "part", onclick: whole }, icon("close"), "Whole photo")
    : el("button", { type: "button", "data-focus": "part", onclick: mark }, icon("crop"), "Mark a part");
}

// over the small photo: a finger that scrolls the page there moves no box
function larger(query, changed) {
  return el("button", { type: "button", class: "larger", "data-focus": "size", onclick: () => sized(query, true, changed) },
    icon("larger"), el("span", { class: "unseen" }, "Larger photo"));
}

function smaller(query, changed) {
  return el("button", { type: "button", class: "smaller", "data-focus": "size", onclick: () => sized(query, false, changed) }, icon("smaller"), "Smaller photo");
}

function sized(query, large, changed) {
  query.large = large;
  changed();
}

/**
 * One small picture for each of several photos.
 * @param {import("./queries.js").Query[]} queries
 * @param {number} at
 * @param {() => void} changed as `asked` has it
 * @returns {HTMLElement|null}
 */
export function tabs(queries, at, changed) {
  if (queries.length < 2) return null;
  return el("nav", { class: "tabs", "aria-label": "Your photos" }, queries.map((own, place) => {
    const words = `Photo ${place + 1}, ${own.name}: ${stateOf(own)}`;
    return el("a", {
      href: link("search", written(queries, place)), "aria-current": place === at && "true",
      class: own.busy ? "picture busy" : own.error ? "picture failed" : "picture", title: words, "data-focus": `tab${place}`,
    }, own.file && !own.broken && photo(own, "", changed), (own.error || own.broken) && sign(own), el("span", { class: "unseen" }, words));
  }));
}

function stateOf({ busy, error, answer }) {
  if (busy) return "searching";
  if (error) return "failed";
  const match = answer?.results[0]?.match;
  return match ? "found" : match === null ? "closest products" : "nothing certain";
}

function photo(query, alt, changed) {
  const image = el("img", { alt, draggable: "false", onerror: () => broke(query, changed) });
  showFile(image, query.file);
  return image;
}

// each of its pictures tells, and once is enough
function broke(query, changed) {
  if (query.broken) return;
  query.broken = true;
  changed();
}

function unshown(query) {
  return el("span", { class: "picture", role: "img", "aria-label": "No picture of this file can be shown here." }, sign(query));
}

// the service reads kinds of photos that a browser does not show
function sign({ error }) {
  return icon(error ? "warning" : "image");
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
