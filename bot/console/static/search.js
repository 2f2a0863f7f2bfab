"use strict";
// Finds while one types: what is found replaces what was, and the address is kept up to date, so
// that reloading and going back show the same. Without this file the button does it.
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
