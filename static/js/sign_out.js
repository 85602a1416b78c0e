/* Who signs out leaves nothing that they typed in this browser. What has not reached the server would
   be lost by that, so it is asked first. */

import { forget, keptBy } from "./kept.js";

document.addEventListener("submit", (event) => {
  const { person, unsent } = event.target.dataset;
  if (!unsent) return;
  const keys = keptBy(person);
  if (keys.length && !confirm(unsent)) event.preventDefault();
  else keys.forEach(forget);
});
