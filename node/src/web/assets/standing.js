// How the page stands: all saved, something on its way, or an answer to correct. Said in one place.

export function standing() {
  const { classList } = document.documentElement;
  const some = (selector) => document.querySelector(selector) !== null;
  classList.toggle("refused", some(".field--refused"));
  classList.toggle("unsaved", some(".field[data-busy], .field--waiting"));
}
