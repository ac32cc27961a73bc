// A change that was refused: what is wrong and what to do.

import { el } from "../dom.js";
import { notice } from "../notice.js";
import { errorWords } from "../words.js";

// what fits a form better than the words for everybody
const WORDS = {
  unauthorized: { title: "Changes need the write key", remedy: "Enter it when you are asked for it. Nothing was changed." },
  "too-large": { title: "A photo, or all of them together, is too large", remedy: "Take smaller ones, or add them one after the other." },
  "invalid-request": { title: "Something in the form cannot be used" },
};

/**
 * @param {import("../api.js").ApiError} error
 * @param {...Node} actions what can be done about it
 * @returns {HTMLElement}
 */
export function refusal(error, ...actions) {
  const words = { ...errorWords(error), ...WORDS[error.kind] };
  const detail = error.message !== words.remedy && error.kind !== "unauthorized" && error.message;
  return notice("h3", words,
    error.retryAfter && el("p", {}, `In ${error.retryAfter} s it may be tried again.`),
    detail && el("p", { class: "muted small" }, detail),
    actions.length > 0 && el("div", { class: "row" }, actions));
}
