// What is served: the generation, how good it is, its model, and what may be asked of it.

import { el } from "../dom.js";
import { list } from "../list.js";
import { counted, grouped, percent, size } from "../words.js";
import { bar, figure } from "./live.js";
import { span } from "./times.js";

const ASKED_WITH = { val: "photos that were held out", "leave-one-out": "indexed photos, each asked against all the others" };

/**
 * How many there are of what.
 * @param {object} info the answer of /info
 * @returns {HTMLElement[]}
 */
export function counts({ products, rows, categories, revision }) {
  return [["Products", products], ["Photos", rows], ["Categories", categories.length], ["Revision", revision]].map(([name, number]) =>
    figure(name, grouped(number)));
}

/**
 * How often the right product is found, and how far scores can be trusted.
 * @param {object} info
 * @returns {Node[]}
 */
export function quality({ quality: own, calibration }) {
  return [el("h2", {}, "Quality"), ...recall(own), ...trust(calibration)];
}

function recall({ queries, answered, product, faults, forced }) {
  if (!product || !answered) return [el("p", { class: "muted" }, "Not measured: there were no photos to ask with when this generation was built.")];
  const lines = [["first", "recall@1"], ["among the first 5", "recall@5"], ["among the first 10", "recall@10"]].filter(([, name]) => name in product);
  return [
    el("p", { class: "muted" }, `Asked with ${grouped(answered)} ${ASKED_WITH[queries] ?? "photos"}, the right product is`),
    el("ul", { class: "meters" }, lines.map(([words, name]) =>
      el("li", {}, el("span", {}, words), el("strong", { class: "number" }, percent(product[name])), bar(product[name])))),
    queries === "leave-one-out" && el("p", { class: "muted small" },
      "Photos of one product in a catalogue are often much alike; customers' own photos are harder."),
    faults?.length > 0 && el("p", { class: "notice" }, `It was published in spite of: ${faults.join("; ")}${forced ? ` (${forced})` : ""}.`),
  ].filter(Boolean);
}

function trust({ available, reason, queries, ece, min_score: least, precision, recall: found }) {
  if (!available) return [el("p", {}, el("strong", {}, "No scores: "), `${reason}.`)];
  const right = precision === null ? "" : ` Of the answers marked so, ${percent(precision)} were right.`;
  const share = found === null ? "" : ` Of photos of products in the shop, ${percent(found)} got the mark.`;
  return [el("p", {}, `A score of ${percent(least)} or more means the same product.${right}${share}`),
    el("p", { class: "muted small" }, `Measured on ${counted(queries, "photo")}; scores are off by ${(ece * 100).toFixed(1)} points on average.`)];
}

/**
 * Which generation and which model.
 * @param {object} info
 * @returns {Node[]}
 */
export function model({ generation, created, model: own }) {
  const age = span((Date.now() - Date.parse(created)) / 1000);
  return [el("h2", {}, "Generation and model"), list([
    ["Generation", el("code", {}, generation)],
    ["Built", `${age} ago, ${new Date(created).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })}`],
    ["Backbone", el("code", {}, own.backbone)],
    ["Code", `${own.bits} bits, ${own.bits / 8} bytes a photo`],
    ["Weights", own.weights],
    ["Licence", own.licence ?? "not named"],
    ["Checksum", el("code", {}, own.onnx_sha256.slice(0, 12))],
  ])];
}

/**
 * What may be asked.
 * @param {object} info
 * @returns {Node[]}
 */
export function limits({ limits: own, cache, writable }) {
  return [el("h2", {}, "Limits"), list([
    ["A photo", `${size(own.photo_bytes)}, ${grouped(own.photo_pixels / 1e6)} megapixels; ${own.photo_types.join(", ")}`],
    ["A request", size(own.body_bytes)],
    ["A list", `${own.results} products`],
    ["A batch", `${own.batch} photos; of changes ${grouped(own.changes)}, ${size(own.changes_bytes)}`],
    ["Changes", writable ? "with the write key" : "off: TWINSHOT_STATE and TWINSHOT_WRITE_KEY turn them on"],
    ["Cache", cache === "memory" ? "in the process" : cache],
  ])];
}
