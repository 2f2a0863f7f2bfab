"use strict";
// Numbers that change while one looks: a part with data-renew is fetched again every two seconds,
// or as many as data-every says, until what comes has no data-renew any more. A page nobody sees
// asks for nothing. With data-reload the whole page is fetched again in the end.
const EVERY = 2;

function later(part) {
  setTimeout(renew, (part.dataset.every || EVERY) * 1000, part);
}

async function renew(part) {
  if (document.visibilityState === "visible" && !part.contains(document.activeElement)) {
    try {
      const answer = await fetch(part.dataset.renew);
      if (answer.ok && !answer.redirected) {
        const found = document.createElement("template");
        found.innerHTML = await answer.text();
        const fresh = found.content.firstElementChild;
        if ("reload" in part.dataset && !fresh.dataset.renew) return location.reload();
        part.replaceWith(fresh);
        part = fresh;
      }
    } catch { /* the server is away: the next look may find it */ }
  }
  if (part.dataset.renew) later(part);
}
for (const part of document.querySelectorAll("[data-renew]")) later(part);
