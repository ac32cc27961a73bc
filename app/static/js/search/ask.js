// From a query to its answer.

import { ApiError, json, productPath, request } from "../api.js";
import { recall } from "./kept.js";
import { MOST, PAGE, parameters, photoPath } from "./queries.js";

/**
 * Ask the service; the query has the answer or the error afterwards. A question that is under way is given up.
 * @param {import("./queries.js").Query} query
 * @param {() => void} changed is called when there is something new to show
 */
export function ask(query, changed) {
  return attempt(query, changed, async (signal) => {
    const { answer, timing } = await found(query, 0, query.limit, signal);
    Object.assign(query, { answer, timing });
  });
}

/**
 * Add the next page of the list.
 * @param {import("./queries.js").Query} query
 * @param {() => void} changed
 */
export function askMore(query, changed) {
  const before = query.answer;
  query.limit = Math.min(before.results.length + PAGE, MOST);
  return attempt(query, changed, async (signal) => {
    const { answer, timing } = await found(query, before.results.length, query.limit - before.results.length, signal);
    const same = answer.generation === before.generation && answer.revision === before.revision;
    // pages of two states of the catalogue make no list: then all of it is asked anew
    const whole = same ? { answer: { ...answer, results: [...before.results, ...answer.results] }, timing } : await found(query, 0, query.limit, signal);
    Object.assign(query, whole);
  });
}

async function attempt(query, changed, work) {
  query.stop?.abort();
  const stop = (query.stop = new AbortController());
  Object.assign(query, { busy: true, error: null, stale: false });
  changed();
  try {
    await work(stop.signal);
    query.tries = 0;
  } catch (error) {
    if (stop.signal.aborted) return;
    query.error = error;
    query.tries += 1;
  }
  if (stop.signal.aborted) return;
  query.busy = false;
  changed();
}

async function found(query, offset, limit, signal) {
  const params = parameters(query, limit, offset);
  if (query.kind === "product") return similar(query, params, signal);
  query.file ??= await photoOf(query);
  const body = new FormData();
  body.append("image", query.file);
  return answered(await request(`search?${params}`, { method: "POST", body, signal }));
}

async function similar(query, params, signal) {
  const path = productPath(query.id);
  query.product ??= await json(path, { signal });
  query.name = query.product.title ?? query.id;
  return answered(await request(`${path}/similar?${params}`, { signal }));
}

async function photoOf(query) {
  const path = photoPath(query);
  if (path) return (await request(path)).blob();
  const photo = await recall(query.id);
  if (!photo) throw new ApiError({ kind: "not-kept", status: 0, title: "The photo is not in this browser", detail: query.id });
  query.name = photo.name;
  return photo;
}

async function answered(response) {
  const stages = (response.headers.get("Server-Timing") ?? "").matchAll(/(\w+);dur=([\d.]+)/g);
  return { answer: await response.json(), timing: [...stages].map(([, name, ms]) => ({ name, ms: Number(ms) })) };
}
