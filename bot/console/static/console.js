"use strict";
// The console works without this file; it only makes a few things smoother.

// A form is sent once, however often its button is tapped.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
// Coming back with the browser's button, the form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// What takes its time says so.
document.addEventListener("submit", ({ submitter: button }) => {
  if (!button?.dataset.busy) return;
  button.dataset.idle = button.textContent;
  button.textContent = button.dataset.busy;
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-idle]"))
    button.textContent = button.dataset.idle;
});

// What opened closes when something else is tapped, or with Escape.
function close(except) {
  for (const open of document.querySelectorAll("details.drawer[open], details.confirm[open], details.meaning[open]"))
    if (!except || !open.contains(except)) open.open = false;
}
document.addEventListener("click", (event) => close(event.target));
document.addEventListener("keydown", (event) => event.key === "Escape" && close());

// Copying a password, a link or a text. Without https browsers give no clipboard: then the text
// is marked, to be copied by hand.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard) return getSelection().selectAllChildren(source);
  await navigator.clipboard.writeText(source.textContent);
  button.textContent = button.dataset.done;
});
