"use strict";
// The template editor works without this file; it checks and previews while one writes.

const form = document.querySelector("form.editor");
const check = document.getElementById("check");
const plan = document.getElementById("plan");
const bytes = new TextEncoder();
let timer, running, later, asking;

// What is wrong goes beside its field, what an expression means below it.
function spread() {
  for (const old of form.querySelectorAll("label > .wrong, .days > .wrong")) old.remove();
  for (const one of check.querySelectorAll("[data-wrong]")) {
    const field = form.elements.namedItem(one.dataset.wrong);
    const label = (field instanceof RadioNodeList ? field[0] : field)?.closest("label");
    const said = document.createElement("span");
    said.className = "wrong";
    said.textContent = one.querySelector("span").textContent;
    label?.append(said);
  }
  for (const small of form.querySelectorAll("small[data-for]")) {
    small.dataset.hint ??= small.textContent;
    const name = CSS.escape(small.dataset.for);
    const read = check.querySelector(`[data-reading="${name}"]`);
    small.textContent = read ? read.textContent : small.dataset.hint;
  }
}

async function look() {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(form.dataset.check, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      signal: running.signal,
    });
    if (!answer.ok) return;
    check.innerHTML = await answer.text();
    spread();
    later = setTimeout(foresee, 900);
  } catch (error) {
    if (error.name !== "AbortError" && error.name !== "TypeError") throw error;
  }
}

// What would go wrong once it is started is asked when the draft has rested for a moment, and
// again by the buttons below it.
async function foresee(button) {
  stop();
  asking = new AbortController();
  const fields = new URLSearchParams(new FormData(form));
  if (button) fields.set(button.name, button.value);
  plan.setAttribute("aria-busy", "true");
  try {
    const signal = asking.signal;
    const answer = await fetch(form.dataset.plan, { method: "POST", body: fields, signal });
    if (answer.ok) plan.innerHTML = await answer.text();
    plan.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name !== "AbortError" && error.name !== "TypeError") throw error;
  }
}

function stop() {
  clearTimeout(later);
  asking?.abort();
}

plan.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-ask]");
  if (!button) return;
  event.preventDefault();
  button.disabled = true;
  foresee(button);
});
if (!plan.firstElementChild) foresee();

function count(area) {
  const place = area.closest("label").querySelector(".bytes");
  if (!place) return;
  const size = bytes.encode(area.value).length;
  const limit = Number(place.dataset.limit);
  place.textContent = place.textContent.replace(/^\d+/, size);
  place.classList.toggle("over", limit > 0 && size > limit);
}

form.addEventListener("input", (event) => {
  form.dataset.dirty = "";
  if (event.target.tagName === "TEXTAREA") count(event.target);
  stop();
  clearTimeout(timer);
  timer = setTimeout(look, 600);
});

// The preview follows the step that is being written.
form.addEventListener("focusin", (event) => {
  const step = event.target.closest(".step");
  const seen = step && document.getElementById(`see-${step.id.slice(1)}`);
  if (!seen) return;
  const panel = seen.closest("aside");
  if (panel.scrollHeight > panel.clientHeight) panel.scrollTop = seen.offsetTop - 80;
});

// Words to insert go where the cursor was.
let last;
form.addEventListener("focusout", (event) => {
  if (event.target.tagName === "TEXTAREA") last = event.target;
});
for (const chips of form.querySelectorAll(".chips")) chips.hidden = false;
form.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-insert]");
  if (!chip) return;
  const step = chip.closest(".step");
  const area = step.contains(last) ? last : step.querySelector(".if-text textarea");
  area.setRangeText(chip.dataset.insert, area.selectionStart, area.selectionEnd, "end");
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
});

// A button of the form keeps the draft; leaving otherwise asks first.
let leaving = false;
form.addEventListener("submit", () => (leaving = true));
addEventListener("pageshow", () => (leaving = false));
addEventListener("beforeunload", (event) => {
  if ("dirty" in form.dataset && !leaving) event.preventDefault();
});
