// Every request to the service. Addresses are relative to the page, so that it works behind a prefix.

import { key, setTaken } from "./key.js";

let askForKey = async () => false;
let asking = null;
let readsNeedKey = false;

/** An answer that is an error, or none: `kind` is the last word of its type, "unreachable" or "unknown" (docs/api.md). */
export class ApiError extends Error {
  /** @param {{kind: string, status: number, title: string, detail: string, retryAfter?: number|null, requestId?: string|null, candidates?: string[]}} problem */
  constructor(problem) {
    super(problem.detail || problem.title);
    Object.assign(this, { retryAfter: null, requestId: null, candidates: [] }, problem);
  }
}

/**
 * What asks for a key where one is needed; true says that there is a new one to try.
 * @param {(why: string) => Promise<boolean>} ask
 */
export function onKeyNeeded(ask) {
  askForKey = ask;
}

/**
 * An address of the service, absolute.
 * @param {string} path such as "search", or "/images/…" as answers have it
 * @returns {string}
 */
export function address(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI).href.replace(/#.*/, "");
}

/**
 * The path of a product.
 * @param {string} id
 * @returns {string}
 */
export function productPath(id) {
  return `products/${encodeURIComponent(id)}`;
}

/**
 * Ask, and ask for a key where one is needed.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} an answer that is no error. @throws {ApiError}
 */
export async function request(path, options = {}) {
  const sent = key();
  const response = await reach(path, { ...options, headers: { ...options.headers, ...authorization(sent) } });
  const change = changes(path, options.method);
  const problem = response.ok ? null : await problemOf(response);
  if (sent && sent === key() && (change || readsNeedKey) && tookKey(problem)) setTaken(true);
  if (!problem) return response;
  if (problem.status === 401) refusedKey(sent, change);
  const otherKey = problem.status === 401 || problem.kind === "read-only-key";
  if (otherKey && (key() !== sent || (await newKey(whyKey(problem, sent, change))))) return request(path, options);
  throw problem;
}

/**
 * Ask for JSON. @see request
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function json(path, options) {
  return (await request(path, options)).json();
}

async function reach(path, options) {
  try {
    return await fetch(address(path), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ kind: "unreachable", status: 0, title: "The service does not answer", detail: error.message });
  }
}

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  const known = /^urn:twinshot:problem:(.+)$/.exec(body.type);
  return new ApiError({
    kind: known?.[1] ?? "unknown",
    status: response.status,
    title: body.title ?? (response.statusText || "Error"),
    detail: body.detail ?? `The answer has status ${response.status}.`,
    retryAfter: Number(response.headers.get("Retry-After")) || null,
    requestId: response.headers.get("X-Request-ID"),
    candidates: body.candidates ?? [],
  });
}

function changes(path, method = "GET") {
  return ["PUT", "PATCH", "DELETE"].includes(method) || (method === "POST" && path.startsWith("products/"));
}

// what the service refuses for another reason it refuses after it looked at the key, but for what it has no time for; a
// proxy (of unknown kind) looks at none
function tookKey(problem) {
  return !problem || (problem.kind !== "unknown" && problem.status < 500 && ![401, 403, 429].includes(problem.status));
}

function refusedKey(sent, change) {
  if (!change) readsNeedKey = true;
  if (sent === key()) setTaken(false);
}

function authorization(sent) {
  return sent ? { Authorization: `Bearer ${sent}` } : {};
}

function whyKey({ kind }, sent, change) {
  if (kind === "read-only-key") return "This key may read only. Changes need the write key.";
  if (sent) return "The key is wrong.";
  return change ? "Changes need the write key." : "This service needs a key.";
}

async function newKey(why) {
  asking ??= askForKey(why).finally(() => (asking = null));
  return asking;
}
