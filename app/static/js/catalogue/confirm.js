// Asks before what cannot be undone.

import { el, shown } from "../dom.js";

/**
 * Ask, with Cancel as what Enter and Escape mean.
 * @param {string} question
 * @param {string} text what will happen
 * @param {string} verb what the button says
 * @returns {Promise<boolean>}
 */
export async function confirmed(question, text, verb) {
  const close = (value) => () => dialog.close(value);
  const dialog = el("dialog", { "aria-labelledby": "question", "aria-describedby": "question-text", class: "question" },
    el("h2", { id: "question" }, question),
    el("p", { id: "question-text" }, text),
    el("div", { class: "row end" },
      el("button", { type: "button", class: "quiet", autofocus: true, onclick: close("") }, "Cancel"),
      el("button", { type: "button", class: "danger", onclick: close("yes") }, verb)));
  return (await shown(dialog)) === "yes";
}
