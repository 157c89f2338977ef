// A document on paper, through the browser's own printing: page after page until there is none.

const PAGES_MAX = 100;

function picture(address, name) {
  return new Promise((resolve) => {
    const page = Object.assign(new Image(), { className: "sheet-of-paper", alt: name });
    page.onload = () => resolve(page);
    page.onerror = () => resolve(null);
    page.src = address;
  });
}

async function lay(paper) {
  for (let number = 1; number <= PAGES_MAX; number += 1) {
    const page = await picture(paper.dataset.pages.replace("{page}", number), `${paper.dataset.name} ${number}`);
    if (!page) break;
    paper.append(page);
  }
  if (paper.children.length) print();
}

export function printing() {
  const paper = document.querySelector("[data-paper]");
  if (paper) lay(paper);
}
