/* Offers control-list items or destinations while something is typed into a field marked data-suggest,
   from the address that the mark names; what is taken is followed by the field's data-ends. Without it
   the page asks which are meant once it was sent. */

const PAUSE = 200;
const LEAST = 2;
const PIECE = /[,;\n]|[^\s,;]+/g;
const NUMBER = /^([1-9]|5\d{3})([-.(]|$)/;

/* What is being typed at the caret: a number, or the words since the last number, comma or line end. */
function typedAt(field) {
  const caret = field.selectionStart;
  const before = field.value.slice(0, caret);
  let from = null;
  let isNumber = false;
  for (const { 0: piece, index } of before.matchAll(PIECE)) {
    if (",;\n".includes(piece)) from = null;
    else if (NUMBER.test(piece)) [from, isNumber] = [index, true];
    else if (from === null || isNumber) [from, isNumber] = [index, false];
  }
  if (from === null || (isNumber && /\s$/.test(before))) return null;
  const to = caret + field.value.slice(caret).match(/^[^\s,;]*/)[0].length;
  return { from, to, words: field.value.slice(from, to) };
}

function element(name, attributes, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function suggest(field) {
  const id = `${field.id}-items`;
  const label = field.labels[0]?.textContent ?? "";
  const list = element("div", { id, role: "listbox", "aria-label": label, class: "suggestions", hidden: "" });
  const status = element("p", { role: "status", class: "suggested small quiet" });
  const place = element("div", { class: "suggest" });
  field.replaceWith(place);
  place.append(field, list, status);
  // A field of several lines is no combobox: it says of itself that it has a list.
  const isCombobox = field.localName === "input";
  const told = isCombobox ? { role: "combobox" } : { "aria-haspopup": "listbox" };
  for (const [key, value] of Object.entries({ ...told, "aria-autocomplete": "list", "aria-controls": id })) {
    field.setAttribute(key, value);
  }

  let timer = 0;
  let asked = new AbortController();
  let part = null;

  function open(isOpen) {
    list.hidden = !isOpen;
    if (isCombobox) field.setAttribute("aria-expanded", String(isOpen));
  }

  function mark(option) {
    for (const one of list.children) one.setAttribute("aria-selected", String(one === option));
    if (option) {
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }

  function close() {
    clearTimeout(timer);
    asked.abort();
    open(false);
    list.replaceChildren();
    status.textContent = "";
    mark(null);
  }

  function take(option) {
    const before = `${field.value.slice(0, part.from)}${option.dataset.value}${field.dataset.ends}`;
    field.value = before + field.value.slice(part.to).replace(/^[ \t;,]+/, "");
    field.setSelectionRange(before.length, before.length);
    close();
  }

  function show({ found, words }) {
    const options = found.map(({ value, title, where }, at) => {
      const option = element("div", { id: `${id}-${at}`, role: "option", "aria-selected": "false", "data-value": value });
      option.append(element("strong", {}, value), " ", title);
      if (where) option.append(" ", element("span", { class: "sub" }, where));
      option.addEventListener("click", () => take(option));
      return option;
    });
    mark(null);
    list.replaceChildren(...options);
    open(options.length > 0);
    status.textContent = words;
  }

  async function ask() {
    const now = typedAt(field);
    if (!now || now.words.length < LEAST) return close();
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const address = `${field.dataset.suggest}?${new URLSearchParams({ q: now.words })}`;
      const answer = await fetch(address, { signal, headers: { Accept: "application/json" } });
      const found = answer.ok ? await answer.json() : { found: [], words: "" };
      if (signal.aborted) return;
      part = now;
      show(found);
    } catch {
      // Given up for a newer one, or no connection: what is typed is judged when it is sent.
    }
  }

  function step(by) {
    const options = [...list.children];
    const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const next = at < 0 && by < 0 ? options.length - 1 : at + by;
    mark(options[(next + options.length) % options.length]);
  }

  open(false);
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    const chosen = list.querySelector("[aria-selected=true]");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      // In a text of several lines the arrows go to the next line, unless something is offered.
      if (list.hidden && !isCombobox) return;
      event.preventDefault();
      if (list.hidden) ask();
      else step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && chosen) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
  });
  // The focus stays in the field while an item is pointed at.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  field.addEventListener("blur", close);
}

/* In the administration, the row from which further ones are made stays as it is. */
const fieldsIn = (part) =>
  [...part.querySelectorAll("[data-suggest]")].filter((field) => !field.closest(".empty-form"));

fieldsIn(document).forEach(suggest);
document.addEventListener("formset:added", ({ target }) => fieldsIn(target).forEach(suggest));
