// A form that changes something: sent once at a time, and what was refused is said above its buttons.

import { el } from "../dom.js";
import { refusal } from "./refusal.js";

/**
 * A form with its buttons. While it is sent nothing else is, and after a refusal it is there as it was.
 * @param {{verb: string, send: () => Promise<void>, cancel: () => void, again?: () => void}} what again: as `attempt` has it
 * @param {...Node} children
 * @returns {HTMLFormElement}
 */
export function form({ verb, send, cancel, again }, ...children) {
  const button = el("button", { type: "submit", class: "main" }, verb);
  const said = el("div", { class: "refused" });
  const own = el("form", { class: "change panel" }, children, said,
    el("div", { class: "row" }, button, el("button", { type: "button", class: "quiet", onclick: cancel }, "Cancel")));
  own.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(button, said, send, again);
  });
  return own;
}

/**
 * Do what a button is for, and say below what was refused.
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} said where a refusal is said
 * @param {() => Promise<void>} work
 * @param {() => void} [again] shows the product anew, where it is another by now
 */
export async function attempt(button, said, work, again) {
  button.disabled = true;
  said.replaceChildren();
  try {
    await work();
  } catch (error) {
    const out = error.kind === "product-changed" && again;
    said.replaceChildren(refusal(error, ...(out ? [el("button", { type: "button", onclick: again }, "Show it as it is now")] : [])));
  } finally {
    button.disabled = false;
  }
}
