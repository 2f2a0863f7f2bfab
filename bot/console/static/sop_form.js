"use strict";
// The form works without this file: its buttons ask the same questions with a new page.

// Sends the form's fields to a path and shows the answer in a place of the page; of several
// questions only the last one's.
const asked = new Map();
async function ask(form, path, place) {
  const number = (asked.get(place) ?? 0) + 1;
  asked.set(place, number);
  const fields = new URLSearchParams(new FormData(form));
  const answer = await fetch(path, { method: "POST", body: fields });
  const text = await answer.text();
  if (number === asked.get(place) && (answer.ok || answer.status === 422)) place.innerHTML = text;
}

// Who a written audience is, told while it is written.
for (const field of document.querySelectorAll("[data-ask]")) {
  const place = document.getElementById(field.dataset.place);
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask(field.form, field.dataset.ask, place), 350);
  });
}

// What would go wrong, told without leaving the page.
for (const button of document.querySelectorAll("button[data-check]"))
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const place = document.getElementById(button.dataset.check);
    await ask(button.form, button.getAttribute("formaction"), place);
    button.disabled = false;
  });

// A saved audience is put where the cursor is.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const field = document.getElementById(button.dataset.into);
  const [start, end] = [field.selectionStart, field.selectionEnd];
  field.setRangeText(button.dataset.insert, start, end, "end");
  field.focus();
  field.dispatchEvent(new Event("input"));
});
