// The search: from photos to products.

import { go } from "../address.js";
import { announce, el } from "../dom.js";
import { scoreWords } from "../words.js";
import { ask, askMore } from "./ask.js";
import { intake, listen } from "./intake.js";
import { keep } from "./kept.js";
import { asked, tabs } from "./photo.js";
import { narrow, newQuery, read, written } from "./queries.js";
import { heading, results } from "./results.js";
import { samples } from "./samples.js";
import { copyLink, snippets } from "./snippets.js";
import { strip } from "./strip.js";

const MOST_PHOTOS = 16;

const shop = { section: null, queries: [], at: 0 };

/**
 * @param {HTMLElement} section
 * @param {import("../address.js").State} state
 */
export function mount(section, state) {
  shop.section = section;
  listen(section, take);
  update(state);
}

/** @param {import("../address.js").State} state */
export function update({ params }) {
  const fresh = shop.queries.length === 0;
  Object.assign(shop, read(params, shop.queries));
  if (shop.queries.length === 0) draw(welcome);
  else begin(fresh);
}

async function take(files) {
  const several = files.slice(0, MOST_PHOTOS);
  const added = await Promise.all(several.map(async (file) => newQuery("photo", await keep(file), { name: file.name, file })));
  const queries = [...new Map(added.map((own) => [own.id, own])).values()];
  go("search", written(queries, 0), { silent: true });
  Object.assign(shop, { queries, at: 0 });
  begin(true);
  if (files.length > several.length) announce(`Only the first ${MOST_PHOTOS} photos are searched.`);
}

// one after the other, the one that is shown first: a service that is busy refuses many at once
async function begin(moved) {
  const { queries } = shop;
  const waiting = [shown(), ...queries].filter((own) => own.stale || !(own.answer || own.error || own.busy));
  show();
  if (moved) document.getElementById("found").focus({ preventScroll: true });
  for (const own of new Set(waiting)) {
    if (queries !== shop.queries) return;
    await ask(own, show);
  }
}

function shown() {
  return shop.queries[shop.at];
}

function choose(box, categories) {
  const query = shown();
  if (JSON.stringify([box, categories]) === JSON.stringify([query.box, query.categories])) return show();
  narrow(query, box, categories);
  go("search", written(shop.queries, shop.at), { silent: true });
  return ask(query, show);
}

async function more() {
  const before = shown().answer.results.length;
  await askMore(shown(), show);
  go("search", written(shop.queries, shop.at), { silent: true, replace: true });
  shop.section.querySelectorAll(".card h3 a")[before]?.focus();
}

function show() {
  const query = shown();
  if (!query) return;
  const acts = { retry: () => ask(query, show), choose: (own) => choose(query.box, own), more };
  draw(() => el("div", { class: "found" },
    el("aside", { "aria-label": "What is searched" },
      tabs(shop.queries, shop.at, show),
      el("div", { class: query.large ? "asked large" : "asked" },
        asked(query, (box) => choose(box, query.categories), show), el("div", { class: "row" }, intake(take, "Other photos"))),
      query.answer && !query.error && [strip(query), el("p", { class: "row share" }, snippets(query), copyLink())]),
    results(query, acts)));
  if (!query.busy) announce(said(query));
}

function said(query) {
  const first = query.error ? null : query.answer?.results[0];
  return first ? `${heading(query)} ${first.title ?? first.product_id}, ${scoreWords(first)}` : heading(query);
}

function welcome() {
  const place = el("div", {});
  samples().then((own) => own && place.append(own)).catch(() => {});
  return el("div", { class: "welcome" },
    el("h1", {}, "Find the product on a photo"),
    el("p", { class: "muted lead" }, "Show a photo of a product, and get the same one from the catalogue, or those most like it."),
    el("div", { class: "drop" },
      el("p", { class: "hint" }, "Drop photos here, paste them, or"),
      el("div", { class: "row" }, intake(take)),
      el("p", { class: "muted small" }, "Several at once are searched one by one. They are not stored by the service.")),
    place);
}

// what had the focus is drawn anew, and has it again; while a box is dragged nothing is, and afterwards all of it
function draw(content) {
  if (shop.section.querySelector(".dragging")) return;
  const name = document.activeElement?.dataset?.focus;
  shop.section.replaceChildren(content());
  if (name) shop.section.querySelector(`[data-focus="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
}
