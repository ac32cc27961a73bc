// An error: what is wrong, what to do, and when it is tried again.

import { nameOf } from "../category.js";
import { el, icon } from "../dom.js";
import { notice } from "../notice.js";
import { errorWords } from "../words.js";

const TRIES = 4;
const WAIT = 3;

/**
 * @param {import("./queries.js").Query} query one with an error
 * @param {{retry: () => void, choose: (categories: string[]) => void}} ways out
 * @returns {HTMLElement}
 */
export function problem(query, { retry, choose }) {
  const { error } = query;
  const words = errorWords(error);
  const countdown = el("p", { class: "number" });
  const again = words.waits || ["unreachable", "internal-error", "malformed-body", "slow-body", "unauthorized"].includes(error.kind);
  const panel = notice("h2", words, countdown,
    el("p", { class: "row" },
      again && el("button", { type: "button", "data-focus": "retry", onclick: retry }, icon("retry"), "Try again"),
      query.categories.length > 0 && el("button", { type: "button", onclick: () => choose([]) }, "Search all categories"),
      error.candidates?.map((own) => el("button", { type: "button", class: "chip", onclick: () => choose([own]) }, nameOf(own)))),
    el("p", { class: "muted small" }, [error.message, error.requestId && `request ${error.requestId}`].filter(Boolean).join(" · ")));
  if (words.waits && query.tries < TRIES) wait(panel, countdown, error.retryAfter ?? WAIT, retry);
  return panel;
}

// the panel that is taken away tries no more
function wait(panel, countdown, seconds, retry) {
  countdown.textContent = `Trying again in ${seconds} s`;
  setTimeout(() => {
    if (!panel.isConnected) return;
    if (seconds > 1) wait(panel, countdown, seconds - 1, retry);
    else retry();
  }, 1000);
}
