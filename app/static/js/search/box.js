// The part of the photo that is meant: a box to drag, or to move with the arrow keys.

import { announce, el } from "../dom.js";
import { drag, shifted, within } from "./drag.js";

const STEP = 0.02;
const LEAST = 0.04;
const PAUSE = 500;
const FIRST = [0.25, 0.25, 0.75, 0.75];

/**
 * A photo on which a box can be drawn. `box` is x0, y0, x1, y1 as fractions of the upright photo, or null.
 * @param {HTMLImageElement} image
 * @param {(box: number[]|null) => void} chosen is called when a box is finished, changed or not
 * @returns {{element: HTMLElement, show: (box: number[]|null) => void, begin: () => void}}
 */
export function boxed(image, chosen) {
  const frame = el("div", {
    class: "box", tabindex: 0, role: "application", "aria-roledescription": "box", hidden: true, "data-focus": "box",
    "aria-label": "The part that is searched. Arrow keys move it, with Shift they resize it, Delete takes it away.",
  }, ["nw", "ne", "sw", "se"].map((corner) => el("i", { class: `corner ${corner}`, "data-corner": corner })));
  const element = el("div", { class: "stage" }, image, frame);
  image.addEventListener("load", () => element.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight));
  let box = null;
  let later = null;

  const put = (own) => {
    box = own;
    frame.hidden = own === null;
    element.classList.toggle("boxed", own !== null);
    if (own) place(frame, own);
  };
  const finish = () => {
    clearTimeout(later);
    later = null;
    if (box) box = box.map((part) => Number(part.toFixed(3)));
    chosen(box);
  };
  const dragged = (before) => {
    if (!box || !isLarge(box)) put(before);
    finish();
  };
  drag(element, frame, { box: () => box, show: put, finish: dragged });
  frame.addEventListener("keydown", (event) => {
    const next = box && moved(box, event);
    if (next === undefined || !box) return;
    event.preventDefault();
    put(next);
    announce(next ? words(next) : "The whole photo");
    clearTimeout(later);
    if (next && event.key !== "Enter") later = setTimeout(finish, PAUSE);
    else finish();
  });
  const begin = () => {
    if (!box) put(FIRST);
    frame.focus();
    finish();
  };
  // what the keys have done and nobody was told yet stays
  const show = (own) => later === null && put(own);
  return { element, show, begin };
}

function place(frame, [x0, y0, x1, y1]) {
  const sides = { left: x0, top: y0, width: x1 - x0, height: y1 - y0 };
  for (const [side, part] of Object.entries(sides)) frame.style.setProperty(side, `${part * 100}%`);
}

// the box after a key; null for none, undefined where the key means nothing
function moved([x0, y0, x1, y1], { key, shiftKey }) {
  if (key === "Delete" || key === "Backspace" || key === "Escape") return null;
  if (key === "Enter") return [x0, y0, x1, y1];
  const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[key];
  if (!step) return undefined;
  const [dx, dy] = step;
  if (shiftKey) return [x0, y0, within(x1 + dx, x0 + LEAST, 1), within(y1 + dy, y0 + LEAST, 1)];
  return shifted([x0, y0, x1, y1], dx, dy);
}

function isLarge([x0, y0, x1, y1]) {
  return x1 - x0 >= LEAST && y1 - y0 >= LEAST;
}

function words([x0, y0, x1, y1]) {
  const [left, top, right, bottom] = [x0, y0, x1, y1].map((part) => Math.round(part * 100));
  return `From ${left} to ${right} percent across, from ${top} to ${bottom} percent down`;
}
