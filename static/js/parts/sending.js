// An impatient second click sends nothing: the server would refuse it, and a slow link makes people click twice.

export function sendOnce(root) {
  root.addEventListener("submit", (event) => {
    const { target, submitter } = event;
    // A form that answers with a file leaves this page as it is, ready for the next.
    if (event.defaultPrevented || target.method !== "post" || "download" in target.dataset) return;
    if (target.dataset.sent) {
      event.preventDefault();
      return;
    }
    target.dataset.sent = "yes";
    submitter?.setAttribute("aria-busy", "true");
  });
  // Coming back by the Back button must not find a dead form.
  window.addEventListener("pageshow", () => {
    for (const form of root.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
    }
  });
}
