// Documents: adding one with its progress, and looking at pages one by one.

import { onFragment } from "./events.js";
import { morph } from "./morph.js";
import { upload, why } from "./post.js";

const BYTES_MAX = 32 * 1024 * 1024;

function adding(form) {
  const input = form.querySelector("[type=file]");
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    const news = document.querySelector(".upload__news");
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, className: "meter" });
    const words = Object.assign(document.createElement("p"), { textContent: `${form.dataset.sending} : ${file.name}` });
    bar.setAttribute("aria-label", file.name);
    if (file.size > BYTES_MAX) return tell(news, form.dataset.tooLarge, input);
    news.replaceChildren(words, bar);
    const data = new FormData();
    data.append("file", file);
    try {
      const { document: added } = await upload(form.action, data, (part) => { bar.value = part; });
      news.replaceChildren();
      wanted = added;
      look();
    } catch (refused) {
      tell(news, refused.told.title ?? form.dataset.failed, input);
    }
    input.value = "";
  });
}

function tell(news, words, input) {
  const notice = Object.assign(document.createElement("p"), { className: "field__error", textContent: words });
  news.replaceChildren(notice);
  input.value = "";
}

// The document that is to be shown once its thumbnail is there.
let wanted = null;

function look() {
  const thumb = wanted && document.querySelector(`[data-view="${wanted}"]`);
  if (!thumb) return;
  wanted = null;
  open(thumb.dataset.view, thumb.dataset.name, 1);
}

function viewer() { return document.querySelector("[data-viewer]"); }

async function open(id, name, page) {
  const box = viewer();
  const picture = box.querySelector("[data-picture]");
  // The viewer itself is on its way, with the first document.
  if (!picture) return;
  box.dataset.held = "";
  const file = `/cases/${box.dataset.case}/documents/${id}`;
  const next = `${file}/pages/${page}.png`;
  const trouble = box.querySelector(".viewer__trouble");
  trouble.hidden = false;
  trouble.textContent = box.dataset.loading;
  const loaded = await new Promise((resolve) => {
    const probe = new Image();
    probe.onload = () => resolve(true);
    probe.onerror = () => resolve(false);
    probe.src = next;
  });
  const words = loaded ? null : await why(next);
  trouble.hidden = loaded;
  trouble.textContent = words ?? "";
  // No further page: the one that is shown stays.
  if (!loaded && page > 1) return;
  if (loaded) picture.src = next;
  else picture.removeAttribute("src");
  picture.alt = `${name}, ${box.dataset.pageWord.replace("0", page).toLowerCase()}`;
  Object.assign(box.dataset, { document: id, page, name });
  box.querySelector("[data-number]").textContent = box.dataset.pageWord.replace("0", page);
  box.querySelector(".viewer__name").textContent = name;
  const link = box.querySelector("[data-file]");
  link.href = file;
  link.download = name;
  mark(id);
  box.scrollIntoView({ block: "nearest" });
}

function mark(id) {
  document.querySelectorAll("[data-view]").forEach((thumb) => {
    if (thumb.dataset.view === id) thumb.setAttribute("aria-current", "true");
    else thumb.removeAttribute("aria-current");
  });
}

function turn(by) {
  const box = viewer();
  const page = Number(box.dataset.page ?? 1) + by;
  if (page >= 1) open(box.dataset.document, box.dataset.name, page);
}

// The picture that came with the page: say why if it could not be drawn.
async function first() {
  const box = viewer();
  const picture = box?.querySelector("[data-picture]");
  if (!picture?.hasAttribute("src")) return;
  const [, id, page] = picture.getAttribute("src").match(/documents\/([0-9a-f]+)\/pages\/(\d+)\.png/) ?? [];
  Object.assign(box.dataset, { document: id, page, name: box.querySelector(".viewer__name").textContent });
  mark(id);
  const failed = async () => {
    const trouble = box.querySelector(".viewer__trouble");
    trouble.textContent = await why(picture.src) ?? "";
    trouble.hidden = false;
    picture.removeAttribute("src");
  };
  if (picture.complete && !picture.naturalWidth) failed();
  else picture.addEventListener("error", failed, { once: true });
}

export function papers(signal) {
  document.querySelectorAll("[data-upload]").forEach(adding);
  document.addEventListener("click", (event) => {
    const thumb = event.target.closest("a[data-view]");
    const before = event.target.closest("a[data-before]");
    const after = event.target.closest("a[data-after]");
    if (!thumb && !before && !after) return;
    event.preventDefault();
    if (thumb) open(thumb.dataset.view, thumb.dataset.name, 1);
    else turn(before ? -1 : 1);
  }, { signal });
  onFragment("[data-viewer]", (now, next) => { morph(now, next); first(); });
  onFragment("[data-documents]", (now, next) => { morph(now, next); look(); mark(viewer()?.dataset.document); });
  first();
}
