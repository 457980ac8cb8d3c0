// The scan app: what runs first on /scan. Exported is what a screen is opened by, for whoever drives the app from outside.
import { start } from "./scan/app.js";

export { go } from "./scan/router.js";
export { openState, showState } from "./scan/screens/states.js";

start();
