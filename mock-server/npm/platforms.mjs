/**
 * The platforms that the program is packaged for: Node's words for them, as in the package's `os`, `cpu` and `libc`, and
 * Rust's.
 */
export const platforms = [
  { os: "linux", cpu: "x64", libc: "glibc", target: "x86_64-unknown-linux-gnu" },
  { os: "linux", cpu: "x64", libc: "musl", target: "x86_64-unknown-linux-musl" },
  { os: "linux", cpu: "arm64", libc: "glibc", target: "aarch64-unknown-linux-gnu" },
  { os: "linux", cpu: "arm64", libc: "musl", target: "aarch64-unknown-linux-musl" },
  { os: "darwin", cpu: "x64", target: "x86_64-apple-darwin" },
  { os: "darwin", cpu: "arm64", target: "aarch64-apple-darwin" },
  { os: "win32", cpu: "x64", target: "x86_64-pc-windows-msvc" },
].map((platform) => ({ ...platform, name: nameOf(platform), program: programOf(platform) }));

/** Returns the platform that this process runs on, or undefined if there is no package for it. */
export function thisPlatform() {
  const { platform: os, arch: cpu } = process;
  const libc = os === "linux" ? libcOf() : undefined;
  return platforms.find((each) => each.os === os && each.cpu === cpu && each.libc === libc);
}

function nameOf({ os, cpu, libc }) {
  return ["sockeye-mock", os, cpu, ...(libc === "musl" ? [libc] : [])].join("-");
}

function programOf({ os }) {
  return os === "win32" ? "sockeye-mock.exe" : "sockeye-mock";
}

/** Node tells only of glibc. */
function libcOf() {
  process.report.excludeNetwork = true; // names of hosts would be looked up
  return process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
}
