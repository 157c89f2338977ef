// Makes one element like another without replacing what is the same: focus, caret, scroll and
// what is being typed stay where they are.

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

function children(now, next) {
  const wanted = [...next.childNodes];
  let place = now.firstChild;
  for (const child of wanted) {
    const match = find(place, child);
    if (!match) { now.insertBefore(child, place); continue; }
    while (place !== match) place = drop(place);
    place = match.nextSibling;
    if (match.nodeType === Node.ELEMENT_NODE) morph(match, child);
    else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
  }
  while (place) place = drop(place);
}

function drop(node) {
  const after = node.nextSibling;
  node.remove();
  return after;
}

// The next sibling that is the same thing: by id where there is one, else by kind.
function find(from, child) {
  for (let node = from; node; node = node.nextSibling) {
    if (node.nodeType !== child.nodeType || node.nodeName !== child.nodeName) continue;
    if (node.nodeType !== Node.ELEMENT_NODE) return node;
    if (node.id === child.id && node.getAttribute("class")?.split(" ")[0] === child.getAttribute("class")?.split(" ")[0]) return node;
  }
  return null;
}
