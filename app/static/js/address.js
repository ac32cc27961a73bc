// The state of the page is what its address says behind #: `#search?sample=boot.jpg&category=leaf:Boots`.

/** @typedef {{view: string, params: URLSearchParams}} State */

/**
 * The state that the address names.
 * @returns {State}
 */
export function current() {
  const [view, query] = split(location.hash.slice(1));
  return { view, params: new URLSearchParams(query) };
}

/**
 * The address of a state, for links.
 * @param {string} view
 * @param {URLSearchParams|Object<string, string>|string[][]} [params]
 * @returns {string}
 */
export function link(view, params = {}) {
  // a colon, comma or slash needs no escape here, and reads better
  const query = String(new URLSearchParams(params)).replace(/%3A/g, ":").replace(/%2C/g, ",").replace(/%2F/g, "/");
  return `#${view}${query && `?${query}`}`;
}

/**
 * Go to a state and tell the view; with `silent` only the address changes, for a view that shows the state already.
 * @param {string} view
 * @param {URLSearchParams|Object<string, string>|string[][]} [params]
 * @param {{silent?: boolean, replace?: boolean}} [how] replace: without a step for the Back button
 */
export function go(view, params, { silent = false, replace = false } = {}) {
  const target = link(view, params);
  if (target !== location.hash) history[replace ? "replaceState" : "pushState"](null, "", target);
  if (!silent) dispatchEvent(new PopStateEvent("popstate"));
}

/**
 * Be told of every state that is gone to: by link, by Back, by `go`.
 * @param {(state: State) => void} listener
 */
export function onState(listener) {
  addEventListener("popstate", () => listener(current()));
}

function split(text) {
  const at = text.indexOf("?");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
