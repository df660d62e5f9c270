/** What of the built package is compared: the core's engine, and the parser of `compat`. */
import { once } from "node:events";
import { createServer } from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { installedPackage } from "../../tools/lib/paths.mjs";

/** Loads the core. The package exports it to its own entries only. */
export async function loadCore() {
  const load = (file) => import(pathToFileURL(path.join(installedPackage, "dist", file)));
  const [core, payload] = await Promise.all([load("core.js"), load("payload.js")]);
  return core.loadCore(payload.read);
}

/** Returns the classes of the default parser, whose decoder works: the core has been loaded for it. */
export async function loadParser() {
  const { Manager } = await import("sockeye-client/compat");
  const refusing = createServer((_, response) => response.writeHead(404).end()).listen(0);
  await once(refusing, "listening");
  const options = { transports: ["polling"], reconnection: false, autoConnect: false };
  const manager = new Manager(`http://localhost:${refusing.address().port}`, options);
  await new Promise((resolve) => manager.open(resolve));
  refusing.close();
  return { Encoder: manager.encoder.constructor, Decoder: manager.decoder.constructor };
}
