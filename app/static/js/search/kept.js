// Photos that were searched, kept in this browser alone, so that a link or Reload finds them again.

const MOST = 40;
const here = new Map();
let opened = null;

/**
 * Keep a photo.
 * @param {File} file
 * @returns {Promise<string>} its SHA-256; a random id where the browser computes none (a page without https)
 */
export async function keep(file) {
  const id = await idOf(file);
  here.set(id, file);
  store("readwrite", (photos) => photos.put({ id, file, name: file.name, at: Date.now() })).then(forgetOldest).catch(() => {});
  return id;
}

/**
 * A photo that was kept, or null.
 * @param {string} id
 * @returns {Promise<File|null>}
 */
export async function recall(id) {
  if (here.has(id)) return here.get(id);
  const found = await store("readonly", (photos) => photos.get(id)).catch(() => null);
  return found ? new File([found.file], found.name, { type: found.file.type }) : null;
}

async function idOf(file) {
  const bytes = crypto.subtle
    ? await crypto.subtle.digest("SHA-256", await file.arrayBuffer())
    : crypto.getRandomValues(new Uint8Array(32)).buffer;
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function forgetOldest() {
  const oldest = await store("readonly", (photos) => photos.index("at").getAllKeys());
  for (const id of oldest.slice(0, -MOST)) await store("readwrite", (photos) => photos.delete(id));
}

async function store(mode, work) {
  opened ??= answered(Object.assign(indexedDB.open("twinshot", 1), { onupgradeneeded: create }));
  const database = await opened;
  return answered(work(database.transaction("photos", mode).objectStore("photos")));
}

function create(event) {
  event.target.result.createObjectStore("photos", { keyPath: "id" }).createIndex("at", "at");
}

function answered(asked) {
  return new Promise((done, failed) => Object.assign(asked, { onsuccess: () => done(asked.result), onerror: () => failed(asked.error) }));
}
