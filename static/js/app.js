// What every page gains where scripts run; every page also works without.
import "htmx.org";
import { groupDigits } from "./parts/grouping.js";
import { closeDropsOutside } from "./parts/drops.js";
import { sendOnce } from "./parts/sending.js";

groupDigits(document);
closeDropsOutside(document);
sendOnce(document);

// After an answer with errors the list of them is read out and seen first.
document.querySelector(".error-summary")?.focus();
