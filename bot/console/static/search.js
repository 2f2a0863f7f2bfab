"use strict";
// Finds while one types: what is found replaces what was, and the address is kept up to date, so
// that reloading and going back show the same. Without this file the button does it. The arrows go
// from the field through what was found and back, where Enter opens it.
const form = document.querySelector("form.search");
const field = form.elements.q;
let asked = null, last = field.value.trim();

async function find() {
  const words = field.value.trim();
  if (words === last) return;
  last = words;
  asked?.abort();
  asked = new AbortController();
  const address = new URL(form.action);
  if (words) address.searchParams.set("q", words);
  history.replaceState(null, "", address);
  address.searchParams.set("part", "1");
  try {
    const answer = await fetch(address, { signal: asked.signal });
    if (!answer.ok || answer.redirected) return;
    const found = document.createElement("template");
    found.innerHTML = await answer.text();
    document.getElementById("found").replaceWith(found.content.querySelector("#found"));
  } catch { /* another letter was typed, or the server is away: the button still works */ }
}

let waiting = 0;
field.addEventListener("input", (event) => {
  if (event.isComposing) return;
  clearTimeout(waiting);
  waiting = setTimeout(find, 120);
});
field.addEventListener("compositionend", () => { waiting = setTimeout(find, 120); });

addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  const stops = [field, ...document.querySelectorAll("#found tbody a.who")];
  const at = stops.indexOf(document.activeElement);
  const next = at < 0 ? null : stops[at + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
