"use strict";
// The calendar works without this file; it adds arrow keys and dragging.

const board = document.getElementById("cal");
for (const hint of document.querySelectorAll(".with-js")) hint.hidden = false;

// Arrow keys go from day to day, PageUp and PageDown to the time before and after.
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
board.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || !event.target.matches(".num")) return;
  const turn = { PageUp: "prev", PageDown: "next" }[event.key];
  if (turn) return void document.querySelector(`.cal-head a[rel=${turn}]`).click();
  const step = STEPS[event.key];
  if (!step) return;
  const days = [...board.querySelectorAll(".num")].filter((one) => one.offsetParent);
  const columns = board.classList.contains("by-month") && innerWidth > 760;
  const at = days.indexOf(event.target) + (columns ? step : Math.sign(step));
  event.preventDefault();
  if (days[at]) days[at].focus();
  else document.querySelector(`.cal-head a[rel=${step < 0 ? "prev" : "next"}]`).focus();
});

// An entry is dragged by mouse at once, by finger after resting on it, so that a list still
// scrolls. Dropping it only opens the page that says what would change.
const REST = 350;
const FAR = 6;
let drag = null;

board.addEventListener("pointerdown", (event) => {
  const entry = event.target.closest("[data-move]");
  if (!entry || event.button !== 0 || drag) return;
  drag = { entry, id: event.pointerId, x: event.clientX, y: event.clientY, on: false, over: null };
  if (event.pointerType !== "mouse") drag.timer = setTimeout(lift, REST);
});
addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.id) return;
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > FAR;
  if (!drag.on && far) {
    if (drag.timer) return drop(); // a finger that moves at once scrolls
    lift();
  }
  if (drag.on) hover(event.clientX, event.clientY);
});
addEventListener("pointerup", () => {
  if (!drag) return;
  const { on, over, entry } = drag;
  drop();
  if (!on) return;
  // The click that ends a drag opens nothing.
  addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
  setTimeout(() => over && go(entry, over));
});
addEventListener("pointercancel", () => drop());
addEventListener("keydown", (event) => event.key === "Escape" && drop());
// A browser begins to scroll under a resting finger unless told not to.
board.addEventListener("touchmove", (event) => drag?.on && event.preventDefault(), { passive: false });
board.addEventListener("contextmenu", (event) => drag && event.preventDefault());

function lift() {
  drag.on = true;
  drag.timer = null;
  drag.entry.classList.add("lifted");
  board.classList.add("dragging");
  getSelection().removeAllRanges();
}

function hover(x, y) {
  const under = document.elementFromPoint(x, y);
  const over = under?.closest("[data-hour]") ?? under?.closest("[data-day]") ?? null;
  if (over === drag.over) return;
  drag.over?.classList.remove("target");
  over?.classList.add("target");
  drag.over = over;
}

function drop() {
  if (!drag) return;
  clearTimeout(drag.timer);
  drag.entry.classList.remove("lifted");
  drag.over?.classList.remove("target");
  board.classList.remove("dragging");
  drag = null;
}

function go(entry, over) {
  const day = over.closest("[data-day]");
  if (over.contains(entry) || !day) return;
  const query = new URLSearchParams({ day: day.dataset.day });
  if (over.dataset.hour) query.set("hour", over.dataset.hour);
  location.href = `${entry.dataset.move}&${query}`;
}
