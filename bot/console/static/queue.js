"use strict";
// The approval queue by keys: J and K go on and back, A approves, R goes to the reason.
const items = [...document.querySelectorAll("[data-queue] article")];
let at = -1;

function go(to) {
  at = Math.max(0, Math.min(items.length - 1, to));
  items[at]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, textarea, select")) {
    if (event.key === "Escape") event.target.closest("article")?.focus();
    return;
  }
  const inside = items.findIndex((item) => item.contains(document.activeElement));
  if (inside >= 0) at = inside;
  const key = event.key.toLowerCase();
  if ("ar".includes(key) && at < 0) return go(0); // shows first what it would be about
  if (key === "j") go(at + 1);
  else if (key === "k") go(at - 1);
  else if (key === "a" && at >= 0) items[at].querySelector("[data-key=a]")?.click();
  else if (key === "r" && at >= 0) items[at].querySelector("[data-key=r]")?.focus();
  else return;
  event.preventDefault();
});
