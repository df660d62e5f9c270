/** What is needed only when there is a core. Loaded with it. */
export { OutboxDesk } from "./outboxDesk.js";
export { Authenticator } from "./auth.js";
export { Questions } from "./questions.js";
export { Rebuilds } from "./rebuilds.js";
export { readFigures } from "./figures.js";
