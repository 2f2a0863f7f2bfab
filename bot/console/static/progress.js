"use strict";
// Numbers that change while one looks: a part with data-renew is fetched again every two seconds
// until what comes has no data-renew any more.
const EVERY = 2000;

async function renew(part) {
  if (document.visibilityState === "visible" && !part.contains(document.activeElement)) {
    try {
      const answer = await fetch(part.dataset.renew);
      if (answer.ok && !answer.redirected) {
        const found = document.createElement("template");
        found.innerHTML = await answer.text();
        const fresh = found.content.firstElementChild;
        part.replaceWith(fresh);
        part = fresh;
      }
    } catch { /* the server is away: the next look may find it */ }
  }
  if (part.dataset.renew) setTimeout(renew, EVERY, part);
}
for (const part of document.querySelectorAll("[data-renew]")) setTimeout(renew, EVERY, part);
