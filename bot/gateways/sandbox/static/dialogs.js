// Dialogs: one that asks for a name, and the drawer of switches.
import { ask } from "./server.js";

const at = (id) => document.getElementById(id);

export function question(title) {
  const dialog = at("ask");
  at("ask-title").textContent = title;
  at("ask-value").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "ok" ? at("ask-value").value.trim() : ""), { once: true });
  });
}
at("ask").querySelector("form").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  at("ask").close("ok");
});
at("ask-cancel").addEventListener("click", () => at("ask").close(""));

export function followSwitches(read, write) {
  const switches = at("switches");
  at("open-switches").addEventListener("click", () => {
    for (const field of switches.querySelectorAll("[name]")) {
      const value = read()[field.name];
      if (field.type === "checkbox") field.checked = field.dataset.inverse ? !value : value;
      else field.value = value ?? "";
    }
    switches.showModal();
  });
  switches.addEventListener("change", async (changed) => {
    const field = changed.target;
    const value = field.type === "checkbox"
      ? field.checked !== Boolean(field.dataset.inverse)
      : field.value ? Number(field.value) : null;
    write(await ask("settings", { [field.name]: value }));
  });
  for (const dialog of document.querySelectorAll("dialog"))
    dialog.addEventListener("click", (clicked) => clicked.target === dialog && dialog.close(""));
}
