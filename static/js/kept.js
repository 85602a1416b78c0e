/* What was typed and has not reached the server, by person and page. A browser that keeps nothing
   (storage full or switched off) stops nobody from working. */

const PREFIX = "typed:";

export function typedInto(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (name !== "csrfmiddlewaretoken" && name !== "take" && typeof value === "string") {
      (fields[name] ??= []).push(value);
    }
  }
  return fields;
}

export function putInto(form, fields) {
  for (const control of form.elements) {
    if (!control.name || control.name === "csrfmiddlewaretoken" || control.name === "take") continue;
    const values = fields[control.name] ?? [];
    if (control.type === "checkbox" || control.type === "radio") {
      control.checked = values.includes(control.value);
    } else if (control.type === "select-multiple") {
      for (const option of control.options) option.selected = values.includes(option.value);
    } else if ("value" in control && control.type !== "submit") {
      control.value = values[0] ?? "";
    }
  }
}

export function keep(key, fields) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(fields));
  } catch { /* Nothing to keep it in. */ }
}

export function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key));
  } catch {
    return null;
  }
}

/* The keys of what one person typed here. */
export function keptBy(person) {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(`${PREFIX}${person}:`))
      .map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

export function forget(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch { /* Nothing was kept. */ }
}
