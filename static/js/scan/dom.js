// The few things that screens do with elements: clone a template, fill it in, listen.

// A fresh copy of the screen or piece with this name, in the language in hand.
export function clone(name) {
  return document.getElementById(`t-${name}`).content.firstElementChild.cloneNode(true);
}

export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

export function show(root, name, isShown = true) {
  const element = part(root, name);
  if (element) element.hidden = !isShown;
}

// Puts texts or nodes where the template leaves room for them. null empties the place.
export function fill(root, values) {
  for (const [name, value] of Object.entries(values)) {
    for (const element of root.querySelectorAll(`[data-fill="${name}"]`)) element.replaceChildren(value ?? "");
  }
}

// Shows the part only where there is something to fill in.
export function fillPart(root, name, value) {
  show(root, name, Boolean(value));
  fill(root, { [name]: value });
}

export function list(root, name, elements) {
  root.querySelector(`[data-list="${name}"]`).replaceChildren(...elements);
}

// Calls `acts[name]` when a button with that data-act is pressed.
export function onAct(root, acts) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button && acts[button.dataset.act]) acts[button.dataset.act](button, event);
  });
}

// Calls `send(form)` instead of sending the form to a server; impatient second presses do nothing until it is done.
export function onSend(root, name, send) {
  const form = root.matches(`[data-form="${name}"]`) ? root : root.querySelector(`[data-form="${name}"]`);
  form.noValidate = true; // What is wrong is said in our own words, in the language in hand.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    try {
      await send(form);
    } finally {
      delete form.dataset.busy;
    }
  });
  return form;
}

// Says what is wrong at a field, or with no text that it is right again. Returns whether something is wrong.
export function fault(root, name, text) {
  const said = root.querySelector(`[data-error="${name}"]`);
  const input = root.querySelector(`[name="${name}"]`);
  said.hidden = !text;
  said.replaceChildren(text ?? "");
  if (input && input.type !== "radio") input.toggleAttribute("aria-invalid", false);
  if (input && text && input.type !== "radio") input.setAttribute("aria-invalid", "true");
  return Boolean(text);
}

// The first field with a fault is where the person goes on.
export function focusFault(root) {
  const said = [...root.querySelectorAll("[data-error]:not([hidden])")][0];
  const input = said && root.querySelector(`[name="${said.dataset.error}"]`);
  input?.focus();
  input?.scrollIntoView({ block: "center" });
}
