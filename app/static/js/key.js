// The key that is sent, kept in this tab until it is closed.

const KEPT = "twinshot-key";
const TAKEN = "twinshot-key-taken";

/**
 * The key that is sent, "" for none.
 * @returns {string}
 */
export function key() {
  return sessionStorage.getItem(KEPT) ?? "";
}

/**
 * Send this key from now on, in this tab.
 * @param {string} value "" for none
 */
export function useKey(value) {
  if (value) sessionStorage.setItem(KEPT, value);
  else sessionStorage.removeItem(KEPT);
  setTaken(false);
}

/**
 * Whether the service took the key for one of its own: where everybody may read, it takes any with a search.
 * @returns {boolean}
 */
export function keyTaken() {
  return sessionStorage.getItem(TAKEN) !== null;
}

/** @param {boolean} taken */
export function setTaken(taken) {
  if (taken) sessionStorage.setItem(TAKEN, "yes");
  else sessionStorage.removeItem(TAKEN);
  dispatchEvent(new Event("twinshot-key"));
}

/**
 * Be told when there is another key, or when it turns out whether it is taken.
 * @param {() => void} listener
 */
export function onKey(listener) {
  addEventListener("twinshot-key", listener);
}
