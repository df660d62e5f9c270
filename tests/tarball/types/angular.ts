/** What an Angular application imports. Compiled, never run. */
import type { Client } from "sockeye-client";
import { injectSockeye, provideSockeye } from "sockeye-client/angular";

export const providers = provideSockeye({ url: "https://example.com" });
export const client = (): Client => injectSockeye();
