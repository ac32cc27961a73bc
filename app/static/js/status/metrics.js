// Reads /metrics (Prometheus' text format), and works figures out of what it said over time.

/** @typedef {{name: string, labels: Object<string, string>, value: number}} Series */
/** @typedef {{at: number, series: Map<string, Series[]>}} Sample at: seconds */
/** @typedef {(labels: Object<string, string>) => boolean} Where */

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };
const any = () => true;

/**
 * What one answer of /metrics says.
 * @param {string} text
 * @param {number} at seconds
 * @returns {Sample}
 */
export function sampleOf(text, at) {
  const series = new Map();
  for (const line of text.split("\n")) {
    const [, name, labels, value] = LINE.exec(line) ?? [];
    if (!name) continue;
    if (!series.has(name)) series.set(name, []);
    series.get(name).push({ name, labels: labelsOf(labels ?? ""), value: numberOf(value) });
  }
  return { at, series };
}

/**
 * The sum of a metric's series.
 * @param {Sample|null} sample null: nothing was counted yet
 * @param {string} name
 * @param {Where} [where]
 * @returns {number}
 */
export function total(sample, name, where = any) {
  const own = sample?.series.get(name) ?? [];
  return own.filter(({ labels }) => where(labels)).reduce((sum, { value }) => sum + value, 0);
}

/**
 * How much a counter rose from one sample to another.
 * @param {Sample} now
 * @param {Sample|null} before null: since the service started
 * @param {string} name
 * @param {Where} [where]
 * @returns {number}
 */
export function rise(now, before, name, where = any) {
  return total(now, name, where) - total(before, name, where);
}

/**
 * The value below which a share of what a histogram saw lies, as Prometheus estimates it: evenly inside a bucket.
 * @param {number} share 0.95 for the 95th percentile
 * @param {Sample} now
 * @param {Sample|null} before
 * @param {string} name of the histogram
 * @param {Where} [where]
 * @returns {number|null} null where it saw nothing in between
 */
export function quantile(share, now, before, name, where = any) {
  const buckets = bucketsOf(now, before, `${name}_bucket`, where);
  const wanted = share * (buckets.at(-1)?.count ?? 0);
  if (!wanted) return null;
  let [below, seen] = [0, 0];
  for (const { edge, count } of buckets) {
    if (count >= wanted) return edge === Infinity ? below : below + ((edge - below) * (wanted - seen)) / (count - seen);
    [below, seen] = [edge, count];
  }
  return below;
}

/**
 * Whether the second sample is of another process than the first, or of one that was started anew.
 * @param {Sample} before
 * @param {Sample} now
 * @returns {boolean}
 */
export function restarted(before, now) {
  const started = "process_start_time_seconds";
  return total(before, started) !== total(now, started);
}

function bucketsOf(now, before, name, where) {
  const counts = new Map();
  for (const [sample, sign] of [[now, 1], [before, -1]]) {
    for (const { labels, value } of sample?.series.get(name) ?? []) {
      const edge = numberOf(labels.le);
      if (where(labels)) counts.set(edge, (counts.get(edge) ?? 0) + sign * value);
    }
  }
  return [...counts].map(([edge, count]) => ({ edge, count })).sort((one, other) => one.edge - other.edge);
}

function labelsOf(text) {
  const unescaped = (value) => value.replace(/\\[n"\\]/g, (own) => ESCAPED[own]);
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name, value]) => [name, unescaped(value)]));
}

function numberOf(text) {
  return text === "+Inf" ? Infinity : Number(text);
}
