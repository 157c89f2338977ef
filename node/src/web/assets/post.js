// One way to give an order: POST with the page's token, JSON back.

import { isLeaving } from "./leave.js";

const token = document.querySelector("meta[name=guichet-token]")?.content ?? "";

let last = 0;

// When something was typed: orders may overtake each other, and the later one counts.
export function typedAt() {
  last = Math.max(last + 1, Date.now());
  return last;
}

export class Refused extends Error {
  constructor(status, told) {
    super(told.title ?? `HTTP ${status}`);
    this.status = status;
    this.told = told;
  }
  // Asking again may help: the line or the node was away, not the order wrong.
  get passing() { return this.status === 0 || this.status >= 500; }
}

async function read(response) {
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, told);
  return told;
}

export async function post(path, fields = {}) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-guichet-token": token },
    body: JSON.stringify(fields),
    keepalive: isLeaving(),
  }).catch(() => { throw new Refused(0, {}); });
  return read(response);
}

// What is told instead of something that cannot be had; nothing where it can be had after all.
export async function whyNot(path) {
  const response = await fetch(path, { headers: { accept: "application/json" } }).catch(() => null);
  return response?.ok ? null : await response?.json().catch(() => null) ?? {};
}

// The same in the words of the page.
export async function why(path) {
  const told = await whyNot(path);
  return told && (told.title ?? "");
}

export function upload(path, form, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("x-guichet-token", token);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => request.status < 400 ? resolve(request.response) : reject(new Refused(request.status, request.response ?? {}));
    request.onerror = () => reject(new Refused(0, {}));
    request.send(form);
  });
}
