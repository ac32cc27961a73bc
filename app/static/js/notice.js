// What went wrong, where it went wrong.

import { el, icon } from "./dom.js";

/**
 * @param {"h2"|"h3"} heading as it fits among those around it
 * @param {{title: string, remedy: string}} words what is wrong and what to do
 * @param {...(Node|false|null|Array)} below more of it, and ways out
 * @returns {HTMLElement}
 */
export function notice(heading, { title, remedy }, ...below) {
  return el("div", { class: "notice", role: "alert" }, icon("warning"),
    el("div", {}, el(heading, {}, title), el("p", {}, remedy), ...below));
}
