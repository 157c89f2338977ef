// A text that several people write. The page holds the text of one version (`agreed`); what was
// typed since is one change against it. One change is on its way at a time; what others wrote
// comes back merged, and is put into the field around the caret and around what is still unsent.
// While a word is being composed (a script with an input method) nothing is sent and nothing put
// in: the word would be torn. It waits until the word stands.

import { onFragment } from "./events.js";
import { leaving } from "./leave.js";
import { morph } from "./morph.js";
import { post } from "./post.js";
import { standing } from "./standing.js";
import { Undo } from "./undo.js";

const COALESCE_MS = 150;
const RETRY_MS = 1000;

class Area {
  constructor(form, signal) {
    this.form = form;
    this.input = form.querySelector("textarea");
    this.agreed = this.input.value;
    [this.seq, this.version] = version(form);
    this.sentAt = 0;
    this.held = [];
    this.undo = new Undo();
    this.noted = this.input.value;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("compositionstart", () => { this.composing = true; });
    // The browser's own work on the word ends after this event.
    this.input.addEventListener("compositionend", () => setTimeout(() => this.composed(), 0));
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("beforeinput", (event) => this.turned(event));
    form.addEventListener("submit", (event) => event.preventDefault());
    leaving(signal, () => this.leave());
  }

  typed() {
    this.form.dataset.busy = "";
    standing();
    if (this.composing) return;
    this.note();
    this.soon();
  }

  soon() {
    if (this.timer || this.inFlight) return;
    this.timer = setTimeout(() => this.send(), Math.max(0, this.sentAt + COALESCE_MS - performance.now()));
  }

  composed() {
    this.composing = false;
    this.note();
    const held = this.held;
    this.held = [];
    held.forEach((what) => what());
    if (!this.inFlight) this.send();
  }

  // Runs what puts others' words into the field: at once, or when the word being composed stands.
  whenComposed(what) {
    if (this.composing) this.held.push(what);
    else what();
  }

  // What was typed since the last look is one's own.
  note() {
    const change = difference(this.noted, this.input.value);
    if (!change) return;
    const removed = this.noted.slice(change.at, change.at + change.delete);
    this.undo.own(change, removed, performance.now());
    this.noted = this.input.value;
  }

  pressed(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    this.turn(key === "y" || event.shiftKey ? "redo" : "undo");
  }

  turned(event) {
    const way = { historyUndo: "undo", historyRedo: "redo" }[event.inputType];
    if (!way) return;
    event.preventDefault();
    this.turn(way);
  }

  turn(way) {
    const edits = this.undo[way](this.input.value);
    for (const { at, delete: gone, insert } of edits) {
      this.input.setRangeText(insert, at, at + gone, "end");
    }
    if (edits.length === 0) return;
    this.noted = this.input.value;
    this.typed();
  }

  async send() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.composing || this.inFlight) return;
    const sent = this.input.value;
    const change = difference(this.agreed, sent);
    if (!change) return this.rest();
    this.inFlight = true;
    this.form.classList.remove("field--refused");
    this.sentAt = performance.now();
    try {
      const answer = await post(`${this.form.action}/splice`, { version: this.version, ...change });
      this.whenComposed(() => this.sent(sent, answer));
    } catch (refused) {
      this.inFlight = false;
      this.tell(refused.passing ? document.body.dataset.retrying : [refused.told.title, refused.told.todo].filter(Boolean).join(" "));
      if (refused.passing) this.timer = setTimeout(() => this.send(), RETRY_MS);
      else this.form.classList.add("field--refused");
      standing();
    }
  }

  sent(sent, { text, version, seq }) {
    this.merge(sent, text);
    this.agree(text, version, seq);
    this.tell("");
    this.inFlight = false;
    if (this.next) this.changed(this.next);
    if (this.input.value === this.agreed) this.rest();
    else this.soon();
  }

  // What others wrote, told by the node.
  changed(next) {
    this.next = next;
    if (this.inFlight) return;
    if (this.composing) {
      if (!this.waits) this.held.push(() => { this.waits = false; if (this.next) this.changed(this.next); });
      this.waits = true;
      return;
    }
    this.next = null;
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
    this.note();
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
    this.undo.other({ at: from, delete: to - from, insert: other.insert });
    this.noted = this.input.value;
  }

  // The page goes: what is typed and not yet sent is sent now.
  leave() {
    const change = difference(this.agreed, this.input.value);
    if (change) this.send();
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

export function areas(signal) {
  const all = new Map([...document.querySelectorAll("form[data-field=area]")].map((form) => [form.id, new Area(form, signal)]));
  onFragment("form[data-field=area]", (now, next) => all.get(now.id)?.changed(next));
}
