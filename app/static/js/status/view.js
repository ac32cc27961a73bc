// The status: whether the service can answer, what it serves and how good that is, and what it does at this moment.

import { json, request } from "../api.js";
import { el, icon } from "../dom.js";
import { errorWords } from "../words.js";
import { badge, checks, health } from "./health.js";
import { History } from "./history.js";
import { processWords, stageTable, tiles } from "./live.js";
import { sampleOf } from "./metrics.js";
import { counts, limits, model, quality } from "./served.js";

const EVERY = 3000;
const parts = {};
const history = new History();
let shown = ""; // generation and revision of what stands there
let looking = null;
let timer = 0;

/** @param {HTMLElement} section */
export function mount(section) {
  parts.section = section;
  for (const name of ["badge", "said", "quality", "checks", "model", "limits", "stages"]) parts[name] = el("div", {});
  parts.counts = el("dl", { class: "figures" });
  parts.tiles = el("dl", { class: "figures live" });
  parts.period = el("h2", {});
  parts.process = el("p", { class: "muted small" });
  section.append(
    el("header", { class: "head" }, el("h1", {}, "Status"), parts.badge), parts.said, parts.counts,
    parts.period, parts.tiles,
    el("div", { class: "columns" },
      el("div", {}, panel(parts.quality), panel(parts.model)),
      el("div", {}, panel(el("h2", {}, "Time by stage"), parts.stages, parts.process), panel(parts.checks))),
    panel(parts.limits));
  document.addEventListener("visibilitychange", update);
  return update();
}

/** Look at once, and then every few seconds while somebody sees it. */
export function update() {
  clearTimeout(timer);
  looking ??= look().finally(() => {
    looking = null;
    timer = setTimeout(() => parts.section.hidden || document.hidden || update(), EVERY);
  });
  return looking;
}

async function look() {
  const fit = await health();
  parts.badge.replaceChildren(badge(fit));
  parts.checks.replaceChildren(...checks(fit));
  try {
    const text = await (await request("metrics")).text();
    history.add(sampleOf(text, performance.now() / 1000));
    showLive();
    const now = `${fit.checks?.generation} ${fit.checks?.revision}`;
    if (fit.checks?.generation && now !== shown) showServed(await json("info"), now);
    parts.said.replaceChildren();
  } catch (error) {
    const { title, remedy } = errorWords(error);
    parts.said.replaceChildren(el("p", { class: "notice" }, icon("warning"), `${title}. ${remedy}`));
  }
}

function showLive() {
  const figures = history.figures();
  parts.period.textContent = history.full ? "In the last minute" : "Since this page was opened";
  parts.tiles.replaceChildren(...tiles(figures));
  parts.stages.replaceChildren(stageTable(history.stages()));
  parts.process.textContent = processWords(figures);
}

function showServed(info, now) {
  shown = now;
  parts.counts.replaceChildren(...counts(info));
  parts.quality.replaceChildren(...quality(info));
  parts.model.replaceChildren(...model(info));
  parts.limits.replaceChildren(...limits(info));
}

function panel(...children) {
  return el("div", { class: "panel" }, children);
}
