// The search: from a photo to products.

import { request } from "../api.js";
import { announce, el } from "../dom.js";
import { errorWords } from "../words.js";
import { card } from "./card.js";

const parts = {};

/** @param {HTMLElement} section */
export function mount(section) {
  parts.photo = el("input", { id: "photo", type: "file", accept: "image/*" });
  parts.results = el("ol", { id: "results", class: "cards" });
  parts.said = el("p", { id: "said" });
  section.append(
    el("h1", {}, "Find the product on a photo"), el("label", { for: "photo" }, "Photo"), parts.photo,
    el("button", { type: "button", class: "main", onclick: search }, "Search"), parts.said, parts.results);
}

/** Nothing of this view is in the address yet. */
export function update() {}

async function search() {
  const body = new FormData();
  body.append("image", parts.photo.files[0]);
  parts.results.replaceChildren();
  try {
    const answer = await (await request("search", { method: "POST", body })).json();
    say(`${answer.results.length} products in ${answer.took_ms} ms`);
    parts.results.append(...answer.results.map(card));
  } catch (error) {
    const { title, remedy } = errorWords(error);
    say(`${title}. ${remedy}`);
  }
}

function say(text) {
  parts.said.textContent = text;
  announce(text);
}
