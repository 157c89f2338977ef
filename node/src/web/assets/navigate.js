// While a call is on, another page of this node takes the place of this one without unloading
// the document, so that the pictures and the connection stay. On any doubt the browser goes there
// as it would without this.

import { live } from "./call.js";
import { again } from "./events.js";

const PATIENCE_MS = 4000;
const KEPT_FORMS = ["/preferences", "/visit", "/desk/search"];

let begin = () => {};
let shown = here();
let latest = 0;

function here() { return location.pathname + location.search; }

// Goes to a page of this node.
export function go(address) {
  const to = new URL(address, location.href);
  if (!live()) { location.assign(to); return; }
  show(to, {}, () => location.assign(to));
}

// Another look at the same page: only its address changes, and with it the news it is told.
export function look(address) {
  history.replaceState(null, "", address);
  shown = here();
  again();
}

async function show(to, order, otherwise) {
  const mine = ++latest;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(to, { headers: { accept: "text/html" }, signal, ...order }).catch(() => null);
  const html = answer?.ok ? await answer.text().catch(() => null) : null;
  if (mine !== latest) return;
  const next = html === null ? null : new DOMParser().parseFromString(html, "text/html");
  if (!next || !fits(next)) { otherwise(); return; }
  const at = new URL(answer.url);
  at.hash = to.hash;
  if (at.pathname + at.search !== here()) history.pushState(null, "", at);
  swap(next);
}

// The same program, the same session, and a place for the pictures.
function fits(next) {
  const same = (selector, name) => {
    const told = (page) => [...page.querySelectorAll(selector)].map((one) => one.getAttribute(name)).join();
    return told(next) === told(document);
  };
  return same("link[rel=stylesheet]", "href") && same("script", "src") && same("meta[name=guichet-token]", "content")
    && next.getElementById("pictures") !== null && document.getElementById("pictures") !== null;
}

// All of it in one go: a picture that is taken out and put back at once goes on playing.
function swap(next) {
  const { lang, className } = next.documentElement;
  const body = document.adoptNode(next.body);
  body.querySelector("#pictures").replaceWith(document.getElementById("pictures"));
  Object.assign(document.documentElement, { lang, className });
  document.title = next.title;
  document.body.replaceWith(body);
  shown = here();
  begin();
  settle();
}

// A reader is told where it is now, and reading begins at the top.
function settle() {
  const named = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  const head = named ?? document.querySelector("h1");
  head?.setAttribute("tabindex", "-1");
  head?.focus({ preventScroll: true });
  if (named) named.scrollIntoView();
  else scrollTo(0, 0);
}

function isOurs(link, event) {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!plain || link.target || link.hasAttribute("download") || link.origin !== location.origin) return false;
  const samePage = link.pathname + link.search === here();
  return !(samePage && link.hash);
}

function followed(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || !live() || !isOurs(link, event)) return;
  event.preventDefault();
  go(link.href);
}

// Orders that end at another page, or at this one drawn anew.
function ordered(event) {
  const form = event.target;
  if (event.defaultPrevented || !live() || !KEPT_FORMS.includes(form.getAttribute("action"))) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  show(new URL(form.action), { method: "POST", body }, () => location.reload());
}

export function navigating(beginning) {
  begin = beginning;
  // On the window, after every listener of the page has had its say.
  addEventListener("click", followed);
  addEventListener("submit", ordered);
  addEventListener("popstate", () => {
    if (here() === shown) return;
    if (live()) show(new URL(location.href), {}, () => location.reload());
    else location.reload();
  });
}
