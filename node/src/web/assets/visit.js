// The visit: messages, the idle clock and its warning, and the opening of a vault.

import { onFragment } from "./events.js";
import { leaving } from "./leave.js";
import { morph } from "./morph.js";
import { go } from "./navigate.js";
import { post, typedAt } from "./post.js";

const SIGN_OF_LIFE_MS = 15000;

const UNSENT_MS = 150;

// What is written and not yet sent is kept by the node, so that it is there again after a reload,
// and the end of a visit can name it.
function saying(form, signal) {
  const input = form.querySelector("[name=text]");
  let kept = input.value;
  let timer = null;
  let keeping = Promise.resolve();
  const keep = () => {
    clearTimeout(timer);
    timer = null;
    if (input.readOnly || input.value === kept) return;
    kept = input.value;
    keeping = post(`${form.action}/unsent`, { text: kept, typed_at_ms: typedAt() }).catch(() => { kept = null; });
  };
  input.addEventListener("input", () => { timer ??= setTimeout(keep, UNSENT_MS); });
  // Another part of the page has sent it, or thrown it away.
  input.addEventListener("emptied", () => { clearTimeout(timer); timer = null; kept = ""; });
  leaving(signal, keep);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    clearTimeout(timer);
    timer = null;
    input.readOnly = true;
    try {
      await keeping;
      await post(form.action, { text });
      input.value = kept = "";
      input.setCustomValidity("");
    } catch (refused) {
      kept = null;
      input.setCustomValidity([refused.told.title ?? document.body.dataset.retrying, refused.told.todo].filter(Boolean).join(" "));
      input.reportValidity();
      input.addEventListener("input", () => input.setCustomValidity(""), { once: true });
    }
    input.readOnly = false;
    keep();
    input.focus();
  });
}

// A form has come that this page was drawn without: the page is looked at anew.
function forms() { onFragment("#standing", () => go(location.pathname + location.search)); }

// The last message is in sight unless one reads further up.
function logs() {
  // What stands there while nothing is said is read from its beginning.
  const follow = (log) => { log.scrollTop = log.querySelector("[data-nothing]") ? 0 : log.scrollHeight; };
  document.querySelectorAll("[data-log]").forEach(follow);
  onFragment("[data-log]", (now, next) => {
    const atEnd = now.scrollHeight - now.scrollTop - now.clientHeight < 40;
    morph(now, next);
    if (atEnd) follow(now);
  });
}

class IdleClock {
  constructor(element, signal) {
    this.element = element;
    this.set(element.dataset);
    const ticking = setInterval(() => this.tick(), 1000);
    signal.addEventListener("abort", () => clearInterval(ticking));
    for (const sign of ["pointerdown", "keydown", "wheel", "touchmove"]) {
      addEventListener(sign, () => this.alive(), { passive: true, signal });
    }
  }

  set({ endsIn, warn }) {
    this.endsAt = performance.now() + Number(endsIn) * 1000;
    this.warnMs = Number(warn) * 1000;
    this.tick();
  }

  tick() {
    // Two people who speak are still there, whether or not one of them touches anything.
    if (document.querySelector("#call[data-call=speaking]")) this.alive();
    const left = Math.max(0, Math.round((this.endsAt - performance.now()) / 1000));
    const words = left < 60 ? `${left}\u00a0s` : `${Math.floor(left / 60)}\u00a0min\u00a0${String(left % 60).padStart(2, "0")}`;
    document.querySelectorAll("[data-left]").forEach((place) => { place.textContent = words; });
    const dialog = this.element.querySelector("dialog");
    const late = left * 1000 <= this.warnMs;
    if (late && !dialog.open) dialog.showModal();
    if (!late && dialog.open) dialog.close();
  }

  // A gesture is a sign of life, except while the warning asks for an answer.
  alive() {
    if (this.element.querySelector("dialog").open || performance.now() < (this.toldAt ?? 0) + SIGN_OF_LIFE_MS) return;
    this.here();
  }

  async here() {
    this.toldAt = performance.now();
    const idle = await post("/visit/here").catch(() => null);
    if (idle) this.set({ endsIn: idle.ends_in_s, warn: idle.warn_s });
  }
}

function idle(signal) {
  const element = document.getElementById("idle");
  if (!element) return;
  const clock = new IdleClock(element, signal);
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/visit/here") return;
    event.preventDefault();
    clock.here();
  }, { signal });
  onFragment("#idle", (now, next) => { morph(now, next); clock.set(now.dataset); });
}

// Opening a vault takes about a second on purpose: the button says so, the focus stays.
function unlocking(form) {
  const word = form.querySelector(".btn--main [data-word]");
  const error = form.querySelector(".field__error");
  if (!word) return;
  const rest = word.textContent;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy !== undefined) return;
    form.dataset.busy = "";
    word.textContent = form.dataset.doing;
    const { adviser, passphrase } = Object.fromEntries(new FormData(form));
    try {
      await post("/unlock", { adviser, passphrase });
      location.assign("/desk");
    } catch (refused) {
      error.textContent = [refused.told.title, refused.told.todo].filter(Boolean).join(" ") || document.body.dataset.lost;
      error.hidden = false;
      word.textContent = rest;
      form.querySelector("#pass").select();
    }
    delete form.dataset.busy;
  });
}

// The farewell is for who leaves, not for who comes next.
const FAREWELL_MS = 60000;
function farewell() {
  if (location.search === "?ended=1") setTimeout(() => location.replace("/"), FAREWELL_MS);
}

export function visit(signal) {
  farewell();
  document.querySelectorAll("[data-say]").forEach((form) => saying(form, signal));
  document.querySelectorAll("[data-unlock]").forEach(unlocking);
  logs();
  forms();
  idle(signal);
}
