// The menus of the header close with Escape and with a click beside them.

export function closeDropsOutside(root) {
  const drops = () => root.querySelectorAll("body > header details[open]");
  root.addEventListener("click", ({ target }) => {
    for (const drop of drops()) if (!drop.contains(target)) drop.open = false;
  });
  root.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const drop of drops()) {
      drop.open = false;
      drop.querySelector("summary").focus();
    }
  });
}
