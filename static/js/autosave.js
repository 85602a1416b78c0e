/* Keeps what is typed into a form marked data-autosave: at once in this browser, a moment later as
   a draft at the address that the mark names. Without it the form is sent as any other. */

import { forget, keep, kept, putInto, typedInto } from "./kept.js";

const PAUSE = 1200;
const RETRY = 15000;

/* As the server compares: without the space around, and the version seen is nothing typed. */
function written({ seen, ...fields }) {
  return JSON.stringify(fields, (name, value) =>
    typeof value === "string" ? value.replaceAll("\r\n", "\n").trim() : value);
}

function watch(form) {
  const line = form.querySelector("[data-save-state]");
  const key = `${form.dataset.person}:${location.pathname}`;
  let timer = 0;
  let confirmed = written(typedInto(form));
  let sending = false;
  let leaving = false;

  function tell(state, words, link) {
    line.dataset.state = state;
    line.textContent = words;
    if (link) {
      const anchor = document.createElement("a");
      [anchor.href, anchor.textContent] = link;
      line.append(" ", anchor);
    }
  }

  function later(after) {
    clearTimeout(timer);
    timer = setTimeout(send, after);
  }

  async function send() {
    clearTimeout(timer);
    const fields = typedInto(form);
    if (sending || leaving || written(fields) === confirmed) return;
    sending = true;
    tell("saving", line.dataset.saving);
    try {
      const answer = await fetch(form.dataset.autosave, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
        redirect: "manual",
        keepalive: document.visibilityState === "hidden",
      });
      await told(answer, fields);
    } catch {
      tell("kept", line.dataset.offline);
      later(RETRY);
    } finally {
      sending = false;
    }
    if (["saved", "changed"].includes(line.dataset.state) && written(typedInto(form)) !== confirmed) later(PAUSE);
  }

  async function told(answer, fields) {
    const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
    // Nothing else sends a script elsewhere: what is not allowed is a 403 with words.
    if (answer.type === "opaqueredirect") {
      tell("kept", line.dataset.signedOut, [line.dataset.signInAt, line.dataset.signIn]);
    } else if (answer.status === 403 && isOurs) {
      const { words } = await answer.json();
      tell("kept", `${line.dataset.refused} ${words} ${line.dataset.kept}`);
    } else if (!isOurs) {
      tell("kept", line.dataset.failed);
      later(RETRY);
    } else {
      const { words, changed } = await answer.json();
      if (answer.ok) {
        confirmed = written(fields);
        if (written(typedInto(form)) === confirmed) forget(key);
      }
      if (changed) tell("changed", words, [location.pathname, line.dataset.compare]);
      else tell(answer.ok ? "saved" : "kept", words);
    }
  }

  // What the server has just answered to is newer than what was kept before it was sent.
  const before = "justSent" in form.dataset ? null : kept(key);
  if (before && written(before) !== confirmed) {
    putInto(form, before);
    tell("kept", line.dataset.restored);
    later(0);
  } else {
    forget(key);
  }

  form.addEventListener("input", (event) => {
    if (event.target.name === "take") return;
    keep(key, typedInto(form));
    later(PAUSE);
  });
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
  document.querySelector("form[data-drop]")?.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
    forget(key);
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  window.addEventListener("pagehide", send);
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("online", send);
}

document.querySelectorAll("form[data-autosave]").forEach(watch);
