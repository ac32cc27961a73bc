// The status: whether the service can answer, what it serves and how good that is, and what it does at this moment.

import { json, request } from "../api.js";
import { el, icon } from "../dom.js";
import { notice } from "../notice.js";
import { errorWords } from "../words.js";
import { badge, checks, health } from "./health.js";
import { History } from "./history.js";
import { processWords, stageTable, tiles } from "./live.js";
import { sampleOf } from "./metrics.js";
import { counts, limits, model, quality } from "./served.js";

const EVERY = 3000;
const CLOSED = [403, 404]; // what a proxy says that keeps /metrics to itself, as docker/nginx.conf does
const parts = {};
const history = new History();
let shown = ""; // generation and revision of what stands there
let measured = true; // whether there are metrics to be had
let refused = false; // for want of a key, which is asked for once and not with every look
let looking = null;
let timer = 0;

/** @param {HTMLElement} section */
export function mount(section) {
  parts.section = section;
  for (const name of ["badge", "said", "live", "quality", "checks", "model", "limits", "stages"]) parts[name] = el("div", {});
  parts.counts = el("dl", { class: "figures" });
  parts.process = el("p", { class: "muted small" });
  section.append(
    el("header", { class: "head" }, el("h1", {}, "Status"), parts.badge), parts.said, parts.counts, parts.live,
    el("div", { class: "columns" },
      panel(parts.quality), panel(parts.model),
      panel(el("h2", {}, "Time by stage"), parts.stages, parts.process), panel(parts.checks)),
    panel(parts.limits));
  document.addEventListener("visibilitychange", watch);
  return update();
}

/** Look at all of it, what was not to be had before too: somebody came, or there is another key. */
export function update() {
  measured = true;
  refused = false;
  return watch();
}

/** Look at once, and then every few seconds, while somebody sees it. */
function watch() {
  if (parts.section.hidden || document.hidden) return null;
  clearTimeout(timer);
  looking ??= look().finally(() => {
    looking = null;
    timer = setTimeout(watch, EVERY);
  });
  return looking;
}

async function look() {
  const fit = await health();
  parts.badge.replaceChildren(badge(fit));
  parts.checks.replaceChildren(...checks(fit));
  if (refused) return;
  const outcomes = await Promise.allSettled([showServed(fit.checks), measured && showLive()]);
  const failed = outcomes.find(({ status }) => status === "rejected");
  refused = failed?.reason.status === 401;
  parts.said.replaceChildren(...(failed ? [failure(failed.reason)] : []));
}

async function showLive() {
  try {
    const text = await (await request("metrics")).text();
    history.add(sampleOf(text, performance.now() / 1000));
  } catch (error) {
    if (!CLOSED.includes(error.status)) throw error;
    return showNoLive();
  }
  const figures = history.figures();
  parts.live.replaceChildren(
    el("h2", {}, history.full ? "In the last minute" : "Since this page was opened"),
    el("dl", { class: "figures live" }, tiles(figures)));
  parts.stages.replaceChildren(stageTable(history.stages()));
  parts.process.textContent = processWords(figures);
}

function showNoLive() {
  measured = false;
  for (const name of ["stages", "process"]) parts[name].replaceChildren();
  parts.live.replaceChildren(
    el("p", { class: "closed muted" }, "Live figures are not shown here: ", el("code", {}, "/metrics"), " is not reachable at this address."));
}

async function showServed(checks) {
  const now = `${checks?.generation} ${checks?.revision}`;
  if (!checks?.generation || now === shown) return;
  const info = await json("info");
  shown = now;
  parts.counts.replaceChildren(...counts(info));
  parts.quality.replaceChildren(...quality(info));
  parts.model.replaceChildren(...model(info));
  parts.limits.replaceChildren(...limits(info));
}

function failure(error) {
  const { title, remedy } = errorWords(error);
  if (!refused) return el("p", { class: "notice" }, icon("warning"), `${title}. ${remedy}`);
  return notice("h2", { title, remedy: "Without it, only readiness is shown." },
    el("div", { class: "row" }, el("button", { type: "button", onclick: update }, "Enter the key")));
}

function panel(...children) {
  return el("div", { class: "panel" }, children);
}
