/* What was typed and has not reached the server, by person and page. A browser that keeps nothing
   (storage full or switched off) stops nobody from working. */

const PREFIX = "typed:";

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
