// The frame: shows the view that the address names, and asks for the key.

import { current, onState } from "./address.js";
import { onKeyNeeded } from "./api.js";
import { el } from "./dom.js";
import { key, keyTaken, onKey, useKey } from "./key.js";

const VIEWS = {
  search: () => import("./search/view.js"),
  catalogue: () => import("./catalogue/view.js"),
  status: () => import("./status/view.js"),
};
const mounted = new Map();

async function show(state) {
  const name = Object.hasOwn(VIEWS, state.view) ? state.view : "search";
  const section = document.getElementById(name);
  for (const own of Object.keys(VIEWS)) document.getElementById(own).hidden = own !== name;
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = name === "search" ? "Twinshot" : `${section.getAttribute("aria-label")} · Twinshot`;
  if (mounted.has(name)) (await mounted.get(name)).update(state);
  else mounted.set(name, mount(name, section, state));
}

async function mount(name, section, state) {
  try {
    const [view] = await Promise.all([VIEWS[name](), styled(name)]);
    view.mount(section, state);
    return view;
  } catch {
    // a module that failed once is not asked for again by this page
    section.replaceChildren(el("p", { class: "notice", role: "alert" }, "This part of the page did not arrive. Reload the page to try again."));
    return { update() {} };
  }
}

function styled(name) {
  return new Promise((done) => {
    document.head.append(el("link", { rel: "stylesheet", href: `static/css/${name}.css`, onload: done, onerror: done }));
  });
}

const dialog = document.getElementById("key-dialog");
const field = document.getElementById("key");

function askForKey(why) {
  document.getElementById("key-why").textContent = why;
  if (!dialog.open) {
    // else somebody types already
    field.value = "";
    dialog.returnValue = "";
    dialog.showModal();
  }
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "used"), { once: true }));
}

function showKey() {
  const set = keyTaken() ? "Key set" : "Key set, not tried yet";
  document.getElementById("key-button").textContent = key() ? set : "Key";
}

dialog.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(field.value.trim());
  dialog.close("used");
});
document.getElementById("key-cancel").addEventListener("click", () => dialog.close(""));
document.getElementById("key-button").addEventListener("click", async () => {
  const why = key() ? "A key is set. Enter another one, or nothing to send none." : "Where the service asks for a key, enter it here.";
  if (await askForKey(why)) show(current());
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address is the state of the page
  document.getElementById("main").focus();
});

onKeyNeeded(askForKey);
onKey(showKey);
onState(show);
showKey();
show(current());
