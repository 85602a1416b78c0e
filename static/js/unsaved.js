/* Asks before a page is left on which something is typed and not sent: in forms marked data-typed, whose
   mark says "sent" where they came back unsaved, and in the administration. The other language opens the
   same page with what was typed. Forms that are saved as drafts have autosave.js. */

import { forget, keep, kept, putInto, typedInto } from "./kept.js";

const person = document.querySelector("form[data-unsent]")?.dataset.person;
const forms = [...document.querySelectorAll("form[data-typed], .change-form #content-main > form")];
const written = (form) => JSON.stringify(typedInto(form));
const begun = new Map(forms.map((form) => [form, cameBack(form) ? "" : written(form)]));
let leaving = false;

/* Sent and not saved: what is in it is nowhere else. */
function cameBack(form) {
  const holdsText = form.querySelector("textarea, select, input:not([type=hidden])");
  return holdsText && (form.dataset.typed === "sent" || form.querySelector(".errornote"));
}

const isUnsaved = (form) => written(form) !== begun.get(form);

/* Rows that were added, files and passwords stay where they are. */
const isCarried = (form) => "typed" in form.dataset && !form.querySelector("[type=file], [type=password]");

const key = (form) => `${person}:${location.pathname}${location.search}#${forms.indexOf(form)}`;

/* A figure from the other language: "1,422.5" there is "1 422,5" here. */
function translate(control) {
  control.value = document.documentElement.lang.startsWith("fr")
    ? control.value.replace(/,(?=\d{3}(?!\d))/g, " ").replace(".", ",")
    : control.value.replace(",", ".");
}

for (const form of forms.filter(isCarried)) {
  const carried = kept(key(form));
  if (carried) {
    putInto(form, carried);
    form.querySelectorAll("[inputmode=decimal]").forEach(translate);
  }
  forget(key(form));
}

document.addEventListener("submit", ({ target }) => {
  const unsaved = forms.filter(isUnsaved);
  if ("carry" in target.dataset) {
    unsaved.filter(isCarried).forEach((form) => keep(key(form), typedInto(form)));
    leaving = unsaved.every(isCarried);
  } else leaving = forms.includes(target);
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("a[data-gives-up]")) leaving = true;
});
window.addEventListener("pageshow", () => { leaving = false; });
window.addEventListener("beforeunload", (event) => {
  if (!leaving && forms.some(isUnsaved)) event.preventDefault();
});
