// A sheet before the camera becomes a picture among the sheets.

import { add, tell } from "./papers.js";

const QUALITY = 0.92;
let eye = null;

async function open(button) {
  const box = document.querySelector("[data-camera]");
  const video = { width: { ideal: 2560 }, height: { ideal: 1440 }, facingMode: { ideal: "environment" } };
  eye = await navigator.mediaDevices?.getUserMedia({ video }).catch(() => null) ?? null;
  if (!eye) return tell(document.querySelector(".upload__news"), button.dataset.none);
  const picture = box.querySelector("[data-viewfinder]");
  picture.srcObject = eye;
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
  box.querySelector("[data-shoot]").focus();
}

function close() {
  eye?.getTracks().forEach((track) => track.stop());
  eye = null;
  const box = document.querySelector("[data-camera]");
  if (!box) return;
  box.querySelector("[data-viewfinder]").srcObject = null;
  box.hidden = true;
}

async function shoot(button) {
  const picture = document.querySelector("[data-viewfinder]");
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.videoWidth, height: picture.videoHeight });
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  close();
  if (file) await add(button.dataset.action, file, "photo.jpg", document.querySelector("[data-upload]").dataset);
}

export function sheets(signal) {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-photo], [data-shoot], [data-unshoot]");
    if (!button) return;
    if (button.matches("[data-photo]")) open(button);
    else if (button.matches("[data-shoot]")) shoot(button);
    else close();
  }, { signal });
  signal.addEventListener("abort", close);
}
