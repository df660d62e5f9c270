/** What a server imports. Compiled, never run. */
import { createServerHelper, memoryStore } from "sockeye-client/server";

export const helper = createServerHelper({ store: memoryStore() });
