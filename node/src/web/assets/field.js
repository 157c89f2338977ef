// A register: what is typed is shown to the other at once and put as the value on leaving, or
// after a pause. What the other puts meanwhile is shown beside it, never under the caret. Each put
// says which version the field showed (`seen`): what others have put since stays beside it.

import { onFragment } from "./events.js";
import { leaving } from "./leave.js";
import { morph } from "./morph.js";
import { post, typedAt } from "./post.js";
import { standing } from "./standing.js";

const PAUSE_MS = 1000;
const DRAFT_MS = 150;
const RETRY_MS = 2000;

class Field {
  constructor(form, signal) {
    this.form = form;
    this.input = form.querySelector(".input[name=value]");
    this.saved = saved(this.input);
    this.seen = form.dataset.seen ?? form.dataset.version;
    this.timers = {};
    form.addEventListener("submit", (event) => this.submitted(event));
    form.addEventListener("change", (event) => { if (event.target.matches("[type=radio], select")) this.put(event.target.value); });
    if (!this.input || this.input.matches("select")) return;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("blur", () => this.left());
    leaving(signal, () => this.leave());
    if (this.dirty) this.restored();
  }

  get dirty() { return this.input && !this.input.matches("select") && this.input.value !== this.saved; }

  // Typed before a reload and not yet put: it is put, unless the last page has just done so.
  restored() {
    this.found = this.input.value;
    this.timers.put = setTimeout(() => this.put(this.input.value), PAUSE_MS);
  }

  typed() {
    this.found = undefined;
    this.form.dataset.busy = "";
    standing();
    clearTimeout(this.timers.put);
    this.timers.put = setTimeout(() => this.put(this.input.value), PAUSE_MS);
    this.timers.draft ??= setTimeout(() => {
      this.timers.draft = null;
      if (this.dirty) this.draft({ value: this.input.value, version: this.seen });
    }, DRAFT_MS);
  }

  draft(fields) {
    this.drafted = "value" in fields;
    post(`${this.form.action}/draft`, { ...fields, typed_at_ms: typedAt() }).catch(() => {});
  }

  left() {
    clearTimeout(this.timers.draft);
    this.timers.draft = null;
    if (this.dirty) { this.put(this.input.value); return; }
    if (this.drafted) this.draft({});
    this.rest();
  }

  // The page goes: what is typed is put at once. What does not fit, the node keeps as it was typed.
  leave() {
    clearTimeout(this.timers.draft);
    if (this.dirty && this.input.value !== this.sent) this.put(this.input.value);
  }

  submitted(event) {
    event.preventDefault();
    const chosen = event.submitter?.name === "choose" ? event.submitter.value : null;
    if (chosen === null) { if (this.input) this.put(this.input.value); return; }
    // Whoever chooses has seen what there is to choose from.
    this.seen = this.form.dataset.version;
    this.put(chosen);
  }

  async put(value) {
    clearTimeout(this.timers.put);
    this.found = undefined;
    this.sent = value;
    this.form.classList.remove("field--refused");
    this.form.classList.add("field--waiting");
    standing();
    try {
      await post(this.form.action, { value, version: this.seen, typed_at_ms: typedAt() });
      this.saved = value;
      this.drafted = false;
      this.tell("");
      if (!this.dirty) this.rest();
    } catch (refused) {
      this.sent = undefined;
      if (refused.passing) {
        this.tell(document.body.dataset.retrying);
        this.timers.put = setTimeout(() => this.put(this.input?.value ?? value), RETRY_MS);
      } else {
        this.tell([refused.told.title, refused.told.todo].filter(Boolean).join(" "));
        this.form.classList.add("field--refused");
      }
    }
    this.form.classList.remove("field--waiting");
    standing();
  }

  // Nothing of ours is left to save: the field may show the node's value again.
  rest() {
    delete this.form.dataset.busy;
    if (this.next && document.activeElement !== this.input) this.show(this.next, false);
    standing();
  }

  changed(next) {
    this.next = next;
    morph(this.form, next.cloneNode(true));
    // The last page's put has arrived, or was refused: the node knows better than this page.
    const settled = this.found !== undefined && this.found === this.input.value;
    const free = this.form.dataset.busy === undefined && document.activeElement !== this.input;
    if (settled) this.show(next, true);
    else if (free && !this.form.matches(".field--refused")) this.show(next, false);
  }

  // Shows what is saved; what was typed and is not put only where the last page left it, for
  // whoever sits here may have taken it back since the node told of it.
  show(next, begun) {
    const shown = next.querySelector(".input[name=value]");
    if (this.input && shown) {
      this.saved = saved(shown);
      this.input.value = begun && !shown.matches("select") ? shown.getAttribute("value") ?? "" : this.saved;
    }
    clearTimeout(this.timers.put);
    this.seen = begun && next.dataset.seen || next.dataset.version;
    this.next = null;
    this.found = undefined;
    if (this.dirty) this.restored();
  }

  tell(words) {
    const error = this.form.querySelector(".field__error");
    error.hidden = !words;
    error.textContent = words;
    this.input?.setAttribute("aria-invalid", words ? "true" : "false");
  }
}

// The value that is saved: another than the field shows if it shows what was typed since.
function saved(input) {
  if (!input) return "";
  return input.dataset.saved ?? (input.matches("select") ? input.value : input.getAttribute("value") ?? "");
}

// "Voir": shown while one is at it, masked again on leaving.
function maskable(button) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const mask = (masked) => {
    input.classList.toggle("input--masked", masked);
    button.setAttribute("aria-pressed", String(!masked));
    button.querySelector("[data-word]").textContent = masked ? button.dataset.show : button.dataset.hide;
  };
  const isMasked = () => input.classList.contains("input--masked");
  button.addEventListener("click", () => { mask(!isMasked()); input.focus(); });
  // What is not seen is not taken along either.
  for (const taken of ["copy", "cut", "dragstart"]) {
    input.addEventListener(taken, (event) => { if (isMasked()) event.preventDefault(); });
  }
  button.closest(".masked").addEventListener("focusout", (event) => {
    if (!event.currentTarget.contains(event.relatedTarget)) mask(true);
  });
}

export function fields(signal) {
  const all = new Map([...document.querySelectorAll("form[data-field]:not([data-field=area])")].map((form) => [form.id, new Field(form, signal)]));
  document.querySelectorAll("[data-mask]").forEach(maskable);
  onFragment("form[data-field]:not([data-field=area])", (now, next) => all.get(now.id)?.changed(next));
}
