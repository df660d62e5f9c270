/** The page's own address has to be among those that it may connect to: the .wasm comes from there. */
const policy =
  "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' {server} {socket}";

export const quick = true;
export const tools = ["vite"];
export const modes = {
  development: { serve: "vite --host 127.0.0.1 --port {port} --strictPort" },
  production: { build: ["tsc --noEmit", "vite build"], files: "dist" },
  "with a policy": { files: "dist", headers: { "content-security-policy": policy } },
};
