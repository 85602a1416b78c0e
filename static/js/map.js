/* Follows the years of the map without leaving the page: the tiles stay and change their fill, so
   that what becomes different can be seen; everything around them is that of the year's own page.
   Without it, or when the server can't be reached, the links are followed as any other. */

const PARTS = ["#map-head", "#map-days", "#map-years", "#map-name", "#map-legend", "#map-table", ".app-bar-end"];

let latest = 0;

function recolour(page) {
  for (const tile of document.querySelectorAll(".tile")) {
    const next = page.getElementById(tile.id);
    if (!next) return false;
    tile.dataset.stance = next.dataset.stance;
    tile.href = next.getAttribute("href");
    if (tile.innerHTML !== next.innerHTML) tile.innerHTML = next.innerHTML;
  }
  return true;
}

function take(page) {
  const found = PARTS.map((part) => [document.querySelector(part), page.querySelector(part)]);
  if (found.some(([here, there]) => !here || !there) || !recolour(page)) return false;
  for (const [here, there] of found) here.replaceWith(document.adoptNode(there));
  document.title = page.title;
  return true;
}

function tell() {
  const counts = [...document.querySelectorAll("#map-counts li")];
  const words = counts.map((one) => one.textContent.replace(/\s+/g, " ").trim()).join("; ");
  document.getElementById("map-said").textContent =
    `${document.getElementById("map-name").textContent}: ${words}`;
}

async function follow(address, { remember, focus }) {
  const asked = ++latest;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const text = await answer.text();
    if (asked !== latest) return;
    if (!answer.ok || !take(new DOMParser().parseFromString(text, "text/html"))) {
      location.assign(address);
      return;
    }
  } catch {
    if (asked === latest) location.assign(address);
    return;
  }
  if (remember) history.pushState(null, "", address);
  if (focus) document.querySelector("#map-years [aria-current]")?.focus({ preventScroll: true });
  tell();
}

/* A click that asks for a new tab or window is the browser's. */
function isPlain(event) {
  return event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#map-years a");
  if (!link || !isPlain(event) || !document.getElementById("map-said")) return;
  event.preventDefault();
  follow(link.href, { remember: true, focus: true });
});

addEventListener("popstate", () => {
  if (!location.hash) follow(location.href, { remember: false, focus: false });
});
