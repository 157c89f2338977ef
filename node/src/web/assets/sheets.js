// A sheet before the camera becomes a picture among the sheets.

import { add, tell } from "./papers.js";

const QUALITY = 0.92;
let eye = null;
let opening = false;

async function open(button, signal) {
  if (eye || opening) return;
  opening = true;
  const video = { width: { ideal: 2560 }, height: { ideal: 1440 }, facingMode: { ideal: "environment" } };
  const seen = await navigator.mediaDevices?.getUserMedia({ video }).catch(() => null) ?? null;
  opening = false;
  // Another page took the place of this one meanwhile: nobody would see that the camera is on.
  if (signal.aborted) return seen?.getTracks().forEach((track) => track.stop());
  if (!seen) return tell(document.querySelector(".upload__news"), button.dataset.none);
  eye = seen;
  const box = document.querySelector("[data-camera]");
  box.querySelector("[data-viewfinder]").srcObject = eye;
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
  box.querySelector("[data-shoot]").focus();
}

function close() {
  eye?.getTracks().forEach((track) => track.stop());
  eye = null;
  const box = document.querySelector("[data-camera]");
  if (!box || box.hidden) return;
  box.querySelector("[data-viewfinder]").srcObject = null;
  box.hidden = true;
  document.querySelector("[data-photo]")?.focus();
}

async function shoot(button) {
  const picture = document.querySelector("[data-viewfinder]");
  // Nothing is seen yet: the button can be pressed again.
  if (!picture.videoWidth) return;
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.videoWidth, height: picture.videoHeight });
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  const { action, ...words } = button.dataset;
  close();
  if (file) await add(action, file, "photo.jpg", words);
}

export function sheets(signal) {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-photo], [data-shoot], [data-unshoot]");
    if (!button) return;
    if (button.matches("[data-photo]")) open(button, signal);
    else if (button.matches("[data-shoot]")) shoot(button);
    else close();
  }, { signal });
  signal.addEventListener("abort", close);
}
