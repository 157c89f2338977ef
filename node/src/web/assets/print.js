// A document on paper, through the browser's own printing: page after page until there is none.

import { whyNot } from "./post.js";

const PAGES_MAX = 100;
const AGAIN_AFTER_MS = 500;

function picture(address, name) {
  return new Promise((resolve) => {
    const page = Object.assign(new Image(), { className: "sheet-of-paper", alt: name });
    page.onload = () => resolve(page);
    page.onerror = () => resolve(null);
    page.src = address;
  });
}

// The picture of a page; none behind the last page, and an error where one is missing.
async function drawn(address, name) {
  for (;;) {
    const page = await picture(address, name);
    if (page) return page;
    const told = await whyNot(address);
    if (told?.picture === "no-such-page") return null;
    if (told && told.kind !== "busy") throw new Error(told.title);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  }
}

async function lay(paper) {
  const { pages, name, part, many } = paper.dataset;
  const say = (words) => paper.prepend(Object.assign(document.createElement("p"), { role: "alert", className: "notice wait", textContent: words }));
  try {
    for (let number = 1; number <= PAGES_MAX; number += 1) {
      const page = await drawn(pages.replace("{page}", number), `${name} ${number}`);
      if (!page) return print();
      paper.append(page);
    }
  } catch (missing) {
    return say(`${part} ${missing.message}`);
  }
  say(many);
  print();
}

export function printing() {
  const paper = document.querySelector("[data-paper]:empty");
  if (paper) lay(paper);
}
