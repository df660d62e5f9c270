/** Where things are: the repository, what is built in it, and what set-up keeps for this user. */
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Returns the path of something in the repository. */
export const inRoot = (...parts) => path.join(root, ...parts);

/** The npm package as its users get it; built by `npm run build`. */
export const packageName = "sockeye-client";
export const installedPackage = inRoot("node_modules", packageName);

/** Where cargo builds; the scripts tell it explicitly, whatever this user's configuration says. */
export const cargoTarget = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** Tools that set-up builds live here, so that a second clone finds them. */
export const cacheDirectory = path.join(userCacheDirectory(), "sockeye");

function userCacheDirectory() {
  if (process.env.XDG_CACHE_HOME) return process.env.XDG_CACHE_HOME;
  const inHome = process.platform === "darwin" ? "Library/Caches" : ".cache";
  return path.join(homedir(), inHome);
}

/** Returns the path of the program of an npm dependency. */
export const npmBin = (name) => inRoot("node_modules", ".bin", name);
