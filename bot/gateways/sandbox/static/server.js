// Asking the server: the sandbox's part of its JSON door.

export async function ask(path, body) {
  const options = body && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const response = await fetch(`/sandbox/api/${path}`, options);
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

export function newId() {
  return `page-${[...crypto.getRandomValues(new Uint32Array(3))].map((n) => n.toString(36)).join("")}`;
}
