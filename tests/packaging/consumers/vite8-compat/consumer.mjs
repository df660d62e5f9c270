const serve = "vite --host 127.0.0.1 --port {port} --strictPort";
const files = "dist";
/** The page as it was before its import was changed. */
const before = {
  build: ["tsc --noEmit --project tsconfig.before.json", "vite build --mode before"],
  files,
  noListeners: true,
};

export const tools = ["vite", "socket.io-client"];
export const modes = {
  development: { serve },
  production: { build: ["tsc --noEmit", "vite build"], files },
  "with socket.io-client itself": before,
};
