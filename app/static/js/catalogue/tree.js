// The categories as a tree: click or arrow keys, as WAI-ARIA has it.

import { BARE, filterOf, LEVELS, NO_CATEGORY } from "../category.js";
import { el } from "../dom.js";
import { counted, grouped } from "../words.js";

/**
 * The tree, with all products on top and those without a category at the bottom.
 * @param {{category: import("../category.js").Category, rows: number}[]} categories of /info
 * @param {(filter: string) => void} choose called with the filter of what was chosen, "" for all
 * @returns {{element: HTMLElement, mark: (filter: string|null) => void}} mark: show what is chosen, null for none of it
 */
export function tree(categories, choose) {
  const all = { name: "All products", filter: "", ...grown(categories) };
  const element = el("ul", { class: "tree", role: "tree", "aria-label": "Categories" },
    item({ ...all, children: new Map() }, 1), branches(all, 1));
  element.addEventListener("click", (event) => {
    const own = event.target.closest("[role=treeitem]");
    if (event.target.closest(".twist")) expand(own, own.ariaExpanded !== "true");
    else if (own) choose(own.dataset.filter);
  });
  element.addEventListener("keydown", (event) => pressed(event, element, choose));
  return { element, mark: (filter) => mark(element, filter) };
}

function grown(categories) {
  const root = { children: new Map(), rows: 0 };
  let bare = null;
  for (const { category, rows } of categories) {
    let node = root;
    const path = {};
    node.rows += rows;
    for (const level of LEVELS) {
      path[level] = category[level];
      if (category[level] === null) continue;
      const key = `${level} ${category[level]}`;
      if (!node.children.has(key)) {
        const filter = filterOf(path);
        node.children.set(key, { name: category[level], filter, rows: 0, children: new Map() });
      }
      node = node.children.get(key);
      node.rows += rows;
    }
    if (node === root) bare = { name: NO_CATEGORY, filter: BARE, rows, children: new Map() };
  }
  if (bare) root.children.set(BARE, bare);
  return root;
}

function branches(node, level) {
  return [...node.children.values()].map((child) => item(child, level));
}

function item(node, level) {
  const inner = node.children.size > 0;
  return el("li", {
    role: "treeitem", tabindex: "-1", "data-filter": node.filter, "aria-level": level, "aria-selected": "false",
    "aria-expanded": inner && "false", "aria-label": `${node.name}, ${counted(node.rows, "photo")}`,
  },
  el("span", { class: "node" }, el("span", { class: "twist", "aria-hidden": "true" }), el("span", { class: "name" }, node.name),
    el("span", { class: "count number", title: counted(node.rows, "photo") }, grouped(node.rows))),
  inner && el("ul", { role: "group", hidden: true }, branches(node, level + 1)));
}

function expand(own, open) {
  if (own.ariaExpanded === null) return;
  own.ariaExpanded = String(open);
  own.querySelector("[role=group]").hidden = !open;
}

function mark(element, filter) {
  for (const own of element.querySelectorAll("[role=treeitem]")) {
    const chosen = own.dataset.filter === filter;
    own.ariaSelected = String(chosen);
    own.tabIndex = chosen ? 0 : -1;
    if (chosen) for (let up = parentOf(own); up; up = parentOf(up)) expand(up, true);
  }
  if (!element.querySelector("[tabindex='0']")) element.firstElementChild.tabIndex = 0;
}

function parentOf(own) {
  return own.parentElement.closest("[role=treeitem]");
}

function pressed(event, element, choose) {
  const own = event.target.closest("[role=treeitem]");
  const shown = [...element.querySelectorAll("[role=treeitem]")].filter((one) => !one.parentElement.closest("[hidden]"));
  const at = shown.indexOf(own);
  const inside = own.querySelector("[role=treeitem]");
  const moves = {
    ArrowDown: () => focus(shown[at + 1]),
    ArrowUp: () => focus(shown[at - 1]),
    ArrowRight: () => (own.ariaExpanded === "true" ? focus(inside) : expand(own, true)),
    ArrowLeft: () => (own.ariaExpanded === "true" ? expand(own, false) : focus(parentOf(own))),
    Home: () => focus(shown[0]),
    End: () => focus(shown.at(-1)),
    Enter: () => choose(own.dataset.filter),
    " ": () => choose(own.dataset.filter),
  };
  if (!(event.key in moves)) return;
  event.preventDefault();
  moves[event.key]();
}

function focus(own) {
  if (!own) return;
  for (const other of own.closest("[role=tree]").querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  own.tabIndex = 0;
  own.focus();
}
