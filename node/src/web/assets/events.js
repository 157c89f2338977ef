// News of the page: fragments that take the place of those with the same id and another revision.

import { morph, parse } from "./morph.js";

const listeners = new Map();

// `changed(element, next)` may take over: it is called instead of the plain morph.
export function onFragment(selector, changed) { listeners.set(selector, changed); }

// Another page begins: what the last one waited for is nobody's any more.
export function forget() { listeners.clear(); }

let source = null;

export function listen(signal) {
  begin();
  addEventListener("pagehide", () => source.close(), { signal });
  signal.addEventListener("abort", () => source.close());
}

// The page is at another address now: its news is asked for anew.
export function again() {
  source?.close();
  begin();
}

function begin() {
  const lost = document.querySelector(".lost");
  const mine = new EventSource(`/events?at=${encodeURIComponent(location.pathname + location.search)}`);
  source = mine;
  mine.addEventListener("open", () => { lost.hidden = true; });
  mine.addEventListener("fragment", (event) => replace(JSON.parse(event.data)));
  mine.addEventListener("go", (event) => {
    mine.close();
    location.replace(JSON.parse(event.data).to);
  });
  mine.addEventListener("error", () => {
    if (mine !== source) return;
    lost.textContent = document.body.dataset.lost;
    lost.hidden = false;
    if (mine.readyState === EventSource.CLOSED) setTimeout(comeBack, 2000);
  });
}

function replace({ id, rev, html }) {
  const now = document.getElementById(id);
  if (!now || now.dataset.rev === rev || now.dataset.held !== undefined) return;
  const next = parse(html);
  const special = [...listeners].find(([selector]) => now.matches(selector));
  if (special) special[1](now, next);
  else morph(now, next);
}

// The stream was refused or the node is away: reload as soon as it answers.
async function comeBack() {
  const alive = await fetch("/healthz", { cache: "no-store" }).then((answer) => answer.ok, () => false);
  if (alive) location.reload();
  else setTimeout(comeBack, 1000);
}

// A page that comes out of the browser's memory is of another time.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
