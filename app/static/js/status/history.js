// What was measured since the page was opened: samples of /metrics, and figures over a minute of them at most.

import { STAGES } from "../words.js";
import { quantile, restarted, rise, total } from "./metrics.js";

const WINDOW = 60;
const NEARLY = 0.9; // samples are seconds apart
const KEPT = 100;
const ASKED = new Set(["/search", "/search/batch", "/products/{product_id:path}/similar"]);

const searches = ({ route }) => ASKED.has(route);
const answered = (labels) => searches(labels) && labels.status === "200";
const photo = ({ route }) => route === "/search";
const looks = ({ layer }) => layer === "answer";
const hits = (labels) => looks(labels) && labels.result === "hit";
const refused = ({ status }) => status === "429" || status === "503";
const done = ({ outcome }) => outcome === "done";

export class History {
  /** @type {import("./metrics.js").Sample[]} */
  #samples = [];

  /**
   * Take one more sample; one of another process begins anew, since its counters do.
   * @param {import("./metrics.js").Sample} sample
   */
  add(sample) {
    const last = this.#samples.at(-1);
    if (last && restarted(last, sample)) this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** Whether the figures are over a whole minute; before, they are over what was seen since the page was opened. */
  get full() {
    const before = this.#before();
    return before !== null && this.#samples.at(-1).at - before.at >= NEARLY * WINDOW;
  }

  /** The figures for people to read, each with its line since the page was opened. */
  figures() {
    const now = this.#samples.at(-1);
    const before = this.#before();
    const looked = { hit: this.#rise("twinshot_cache_lookups_total", hits), all: this.#rise("twinshot_cache_lookups_total", looks) };
    return {
      searches: { value: this.#perSecond("twinshot_requests_total", answered), line: this.#line("twinshot_requests_total", answered) },
      time: { p50: this.#time(0.5), p95: this.#time(0.95), line: this.#times() },
      cache: { value: looked.all ? looked.hit / looked.all : null, line: this.#ratios() },
      queue: { value: total(now, "twinshot_queue_depth"), line: this.#samples.map((own) => total(own, "twinshot_queue_depth")) },
      refused: { value: this.#rise("twinshot_requests_total", refused), line: this.#line("twinshot_requests_total", refused) },
      changes: { value: this.#rise("twinshot_changes_total", done), line: this.#line("twinshot_changes_total", done) },
      memory: total(now, "process_resident_memory_bytes"),
      cpu: before ? rise(now, before, "process_cpu_seconds_total") / (now.at - before.at) : null,
      since: Date.now() / 1000 - total(now, "process_start_time_seconds"),
    };
  }

  /** Times of each stage since the service started: who opens the page mostly asked before. */
  stages() {
    const time = (share, name) => quantile(share, this.#samples.at(-1), null, "twinshot_stage_seconds", ({ stage }) => stage === name);
    return Object.keys(STAGES).map((name) => ({ name, p50: time(0.5, name), p95: time(0.95, name) }));
  }

  #before() {
    const now = this.#samples.at(-1);
    const own = this.#samples.find(({ at }) => at >= now.at - WINDOW);
    return own === now ? null : own;
  }

  #rise(name, where) {
    const before = this.#before();
    return before ? rise(this.#samples.at(-1), before, name, where) : 0;
  }

  #perSecond(name, where) {
    const before = this.#before();
    return before ? this.#rise(name, where) / (this.#samples.at(-1).at - before.at) : null;
  }

  #time(share) {
    const before = this.#before();
    return before && quantile(share, this.#samples.at(-1), before, "twinshot_request_seconds", photo);
  }

  #line(name, where) {
    return this.#pairs((now, before) => rise(now, before, name, where) / (now.at - before.at));
  }

  #times() {
    return this.#pairs((now, before) => quantile(0.95, now, before, "twinshot_request_seconds", photo) ?? 0);
  }

  #ratios() {
    return this.#pairs((now, before) => {
      const all = rise(now, before, "twinshot_cache_lookups_total", looks);
      return all ? rise(now, before, "twinshot_cache_lookups_total", hits) / all : 0;
    });
  }

  #pairs(figure) {
    return this.#samples.slice(1).map((now, at) => figure(now, this.#samples[at]));
  }
}
