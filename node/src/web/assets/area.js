// A text that several people write. The page holds the text of one version (`agreed`); what was
// typed since is one change against it. One change is on its way at a time; what others wrote
// comes back merged, and is put into the field around the caret and around what is still unsent.

import { onFragment } from "./events.js";
import { morph } from "./morph.js";
import { post } from "./post.js";
import { standing } from "./standing.js";

const COALESCE_MS = 150;
const RETRY_MS = 1000;

class Area {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("textarea");
    this.agreed = this.input.value;
    [this.seq, this.version] = version(form);
    this.sentAt = 0;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("compositionend", () => this.typed());
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  typed() {
    this.form.dataset.busy = "";
    standing();
    if (!this.timer && !this.inFlight) {
      this.timer = setTimeout(() => this.send(), Math.max(0, this.sentAt + COALESCE_MS - performance.now()));
    }
  }

  async send() {
    this.timer = null;
    const sent = this.input.value;
    const change = difference(this.agreed, sent);
    if (!change) return this.rest();
    this.inFlight = true;
    this.form.classList.remove("field--refused");
    this.sentAt = performance.now();
    try {
      const { text, version, seq } = await post(`${this.form.action}/splice`, { version: this.version, ...change });
      this.merge(sent, text);
      this.agree(text, version, seq);
      this.tell("");
      this.inFlight = false;
      if (this.held) this.changed(this.held);
      if (this.input.value === this.agreed) this.rest();
      else this.typed();
    } catch (refused) {
      this.inFlight = false;
      this.tell(refused.passing ? document.body.dataset.retrying : [refused.told.title, refused.told.todo].filter(Boolean).join(" "));
      if (refused.passing) this.timer = setTimeout(() => this.send(), RETRY_MS);
      else this.form.classList.add("field--refused");
      standing();
    }
  }

  // What others wrote, told by the node.
  changed(next) {
    this.held = next;
    if (this.inFlight || this.composing) return;
    this.held = null;
    const [seq, held] = version(next);
    if (seq >= this.seq) {
      const text = next.querySelector("textarea").value;
      this.merge(this.agreed, text);
      this.agree(text, held, seq);
    }
    morph(this.form, next);
  }

  // Puts the change from `base` to `theirs` into the field, beside what was typed since `base`.
  merge(base, theirs) {
    const other = difference(base, theirs);
    if (!other) return;
    const own = difference(base, this.input.value);
    let [from, to] = [other.at, other.at + other.delete];
    if (own && own.at + own.delete <= from) {
      const shift = own.insert.length - own.delete;
      [from, to] = [from + shift, to + shift];
    } else if (own && own.at < to) {
      // Both changed the same words: both stay.
      from = to = own.at + own.insert.length;
    }
    this.input.setRangeText(other.insert, from, to, "preserve");
  }

  agree(text, version, seq) {
    this.agreed = text;
    this.version = version;
    this.seq = seq;
  }

  rest() {
    delete this.form.dataset.busy;
    standing();
  }

  tell(words) {
    const error = this.form.querySelector(".field__error");
    error.hidden = !words;
    error.textContent = words;
  }
}

function version(form) {
  const [seq, ...rest] = form.dataset.version.split(" ");
  return [Number(seq), rest.join(" ")];
}

// The one change that makes `to` of `from`, in UTF-16 units, never cutting a character in two.
export function difference(from, to) {
  if (from === to) return null;
  let at = 0;
  const shorter = Math.min(from.length, to.length);
  while (at < shorter && from[at] === to[at]) at += 1;
  if (at > 0 && high(from.charCodeAt(at - 1))) at -= 1;
  let tail = 0;
  while (tail < shorter - at && from[from.length - 1 - tail] === to[to.length - 1 - tail]) tail += 1;
  if (tail > 0 && low(from.charCodeAt(from.length - tail))) tail -= 1;
  return { at, delete: from.length - at - tail, insert: to.slice(at, to.length - tail) };
}

const high = (unit) => unit >= 0xd800 && unit < 0xdc00;
const low = (unit) => unit >= 0xdc00 && unit < 0xe000;

export function areas() {
  const all = new Map([...document.querySelectorAll("form[data-field=area]")].map((form) => [form.id, new Area(form)]));
  for (const area of all.values()) {
    area.input.addEventListener("compositionstart", () => { area.composing = true; });
    area.input.addEventListener("compositionend", () => { area.composing = false; if (area.held) area.changed(area.held); });
  }
  onFragment("form[data-field=area]", (now, next) => all.get(now.id)?.changed(next));
}
