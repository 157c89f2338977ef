// Makes one element like another without replacing what is the same: focus, caret, scroll and
// what is being typed stay where they are.

// Names that are compared at most, as the product of two lists' lengths.
export const TABLE_MAX = 1 << 22;

export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

export function morph(now, next) {
  if (now.dataset?.keep !== undefined) return;
  attributes(now, next);
  if (now.matches("input, textarea, select")) return value(now, next);
  children(now, next);
}

function attributes(now, next) {
  for (const { name } of [...now.attributes]) {
    if (!next.hasAttribute(name) && !kept(now, name)) now.removeAttribute(name);
  }
  for (const { name, value } of [...next.attributes]) {
    if (now.getAttribute(name) !== value && !kept(now, name)) now.setAttribute(name, value);
  }
}

// State that belongs to the page and not to the node.
function kept(element, name) {
  return (name === "open" && element.matches("dialog, details"))
    || (name === "value" && element.matches("input:not([type=hidden], [type=radio], [type=checkbox])"))
    || (name === "class" && element.matches(".masked .input"))
    || (name === "aria-pressed" && element.matches("[data-mask]"))
    || ["data-busy", "data-held", "aria-invalid"].includes(name)
    || (name === "class" && element.matches(".field"));
}

// A field shows the node's value unless someone is at it; field.js and area.js see to those.
function value(now, next) {
  if (now.closest("[data-busy]")) return;
  if (now.type === "radio" || now.type === "checkbox") now.checked = next.checked;
  else if (now.matches("textarea")) return;
  else if (now.matches("select")) { children(now, next); now.value = next.value; }
  else if (now.type === "hidden") now.value = next.value;
  else if (now !== document.activeElement) now.value = next.getAttribute("value") ?? "";
}

// What has the same name stays, as much of it as can stay in its order. What holds the page's own
// state, an element with an id or one that is kept, is moved rather than made anew.
function children(now, next) {
  const [old, wanted] = [[...now.childNodes], [...next.childNodes]];
  const [are, shall] = [old.map(name), wanted.map(name)];
  const pairs = inOrder(are, shall);
  const paired = new Set(pairs.values());
  const moving = new Set();
  wanted.forEach((child, to) => {
    if (pairs.has(to) || !isOne(child)) return;
    const from = are.findIndex((one, at) => one === shall[to] && !paired.has(at));
    if (from < 0) return;
    pairs.set(to, from);
    paired.add(from);
    moving.add(old[from]);
  });
  old.forEach((node, at) => { if (!paired.has(at)) node.remove(); });
  let place = now.firstChild;
  wanted.forEach((child, to) => {
    while (moving.has(place)) place = place.nextSibling;
    const match = old[pairs.get(to)];
    if (!match) { now.insertBefore(child, place); return; }
    if (match === place) place = place.nextSibling;
    else { move(now, match, place); moving.delete(match); }
    if (match.nodeType === Node.ELEMENT_NODE) morph(match, child);
    else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
  });
}

// Two nodes of one name are the same thing: by id where there is one, else by kind. What is kept
// is never what is not: its words are the page's, and the node's would be lost in it.
function name(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
  const kind = node.id ? `#${node.id}` : node.classList[0] ?? "";
  return `${node.nodeName} ${kind} ${node.dataset.keep === undefined ? "" : "kept"}`;
}

function isOne(node) { return node.nodeType === Node.ELEMENT_NODE && (node.id !== "" || node.dataset.keep !== undefined); }

// A longest common subsequence of two lists of names, as places in the second and the first.
function inOrder(are, shall) {
  const pairs = new Map();
  let begin = 0;
  let [a, b] = [are.length, shall.length];
  for (; begin < a && begin < b && are[begin] === shall[begin]; begin += 1) pairs.set(begin, begin);
  while (a > begin && b > begin && are[a - 1] === shall[b - 1]) pairs.set(b -= 1, a -= 1);
  const width = b - begin + 1;
  // Beyond, what differs is made anew: a table of that size would hold the page up.
  if ((a - begin) * (b - begin) > TABLE_MAX) return pairs;
  const best = new Uint16Array((a - begin + 1) * width);
  const at = (i, j) => (i - begin) * width + j - begin;
  for (let i = a - 1; i >= begin; i -= 1) {
    for (let j = b - 1; j >= begin; j -= 1) {
      best[at(i, j)] = are[i] === shall[j] ? best[at(i + 1, j + 1)] + 1 : Math.max(best[at(i + 1, j)], best[at(i, j + 1)]);
    }
  }
  for (let [i, j] = [begin, begin]; i < a && j < b;) {
    if (are[i] === shall[j]) { pairs.set(j, i); i += 1; j += 1; } else if (best[at(i + 1, j)] >= best[at(i, j + 1)]) i += 1;
    else j += 1;
  }
  return pairs;
}

// Where a browser can only take out and put back, the focus comes after.
function move(parent, node, place) {
  if (parent.moveBefore) { parent.moveBefore(node, place); return; }
  const focused = document.activeElement;
  parent.insertBefore(node, place);
  if (node.contains(focused)) focused.focus({ preventScroll: true });
}
