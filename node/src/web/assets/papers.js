// Documents: adding one with its progress, and looking at pages one by one.

import { look } from "./navigate.js";
import { upload, why } from "./post.js";

const BYTES_MAX = 32 * 1024 * 1024;

async function chosen(input) {
  const form = input.closest("[data-upload]");
  const [file] = input.files;
  if (!file) return;
  const { pathname } = location;
  const added = await add(form.getAttribute("action"), file, file.name, form.dataset);
  input.value = "";
  if (added?.document && location.pathname === pathname) look(`${pathname}?document=${added.document}&page=1`);
}

// Uploads one file and says how far it is, and what went wrong if something did.
export async function add(action, file, name, words) {
  const news = document.querySelector(".upload__news");
  if (file.size > BYTES_MAX) return tell(news, words.tooLarge);
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, className: "meter" });
  bar.setAttribute("aria-label", name);
  const saving = Object.assign(document.createElement("p"), { textContent: words.sending.replace("{name}", name) });
  news.replaceChildren(saving, bar);
  const data = new FormData();
  data.append("file", file, name);
  try {
    const added = await upload(action, data, (part) => { bar.value = part; });
    news.replaceChildren();
    return added;
  } catch (refused) {
    const { title, todo } = refused.told;
    return tell(news, title ? `${title} ${todo ?? ""}`.trim() : words.failed);
  }
}

export function tell(news, words) {
  const notice = Object.assign(document.createElement("p"), { className: "field__error", textContent: words });
  news.replaceChildren(notice);
  return null;
}

let latest = 0;

// Another page is shown once its picture is there. Where there is none, this one stays and the
// page says why: nobody knows how many pages a file has before they are drawn.
async function step(link) {
  const mine = ++latest;
  const { next } = link.dataset;
  const href = link.getAttribute("href");
  const words = next && !await loads(next) ? await why(next) : null;
  if (mine !== latest) return;
  if (words) trouble(words);
  else look(href);
}

function loads(address) {
  trouble(document.querySelector("[data-viewer]")?.dataset.loading);
  return new Promise((resolve) => {
    const probe = new Image();
    probe.onload = () => { trouble(""); resolve(true); };
    probe.onerror = () => resolve(false);
    probe.src = address;
  });
}

function trouble(words) {
  const place = document.querySelector("[data-picture-trouble]");
  if (!place) return;
  place.textContent = words ?? "";
  place.hidden = !words;
}

// What a page that is shown does not show, or may not.
async function shown(picture) {
  const { remarks } = picture.dataset;
  if (!remarks) return;
  const response = await fetch(remarks, { headers: { accept: "application/json" } }).catch(() => null);
  const said = response?.ok ? await response.json().catch(() => null) : null;
  if (said?.told && picture.isConnected && picture.dataset.remarks === remarks) trouble(said.told);
}

async function failed(picture) { trouble(await why(picture.src)); }

function isPlain(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

export function papers(signal) {
  document.addEventListener("change", ({ target }) => {
    if (target.closest?.("[data-upload]")) chosen(target);
  }, { signal });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-look]");
    if (!link || !isPlain(event)) return;
    event.preventDefault();
    step(link);
  }, { signal });
  // None of these bubbles.
  document.addEventListener("error", ({ target }) => target.matches?.("[data-picture]") && failed(target), { signal, capture: true });
  document.addEventListener("load", ({ target }) => target.matches?.("[data-picture]") && shown(target), { signal, capture: true });
  document.querySelectorAll("[data-picture]").forEach((picture) => {
    if (picture.complete) (picture.naturalWidth ? shown : failed)(picture);
  });
}
