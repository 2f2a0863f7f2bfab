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

// What is wrong goes beside its field, in the forms whose check says which field it is.
function spread(form, place) {
  for (const old of form.querySelectorAll("label > .wrong")) old.remove();
  for (const one of place.querySelectorAll("[data-wrong]")) {
    const field = form.elements.namedItem(one.dataset.wrong);
    const said = document.createElement("span");
    said.className = "wrong";
    said.textContent = one.querySelector("span").textContent;
    field?.closest?.("label")?.append(said);
  }
}

// Who a written audience is, told while it is written.
for (const field of document.querySelectorAll("[data-ask]")) {
  const place = document.getElementById(field.dataset.place);
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      await ask(field.form, field.dataset.ask, place);
      if (field.matches("fieldset")) spread(field.form, place);
    }, 350);
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

// A saved audience, or what a text can say, is put where the cursor is.
for (const chips of document.querySelectorAll(".chips")) chips.hidden = false;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const field = document.getElementById(button.dataset.into);
  const [start, end] = [field.selectionStart, field.selectionEnd];
  field.setRangeText(button.dataset.insert, start, end, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
