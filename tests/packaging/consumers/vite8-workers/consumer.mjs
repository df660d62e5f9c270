const serve = "vite --host 127.0.0.1 --port {port} --strictPort";
const build = ["tsc --noEmit", "vite build"];
const files = "dist";
const dedicated = { noListeners: true, query: { worker: "dedicated" } };
const shared = { noListeners: true, query: { worker: "shared" } };

export const tools = ["vite"];
export const modes = {
  "development, dedicated": { serve, ...dedicated },
  "development, shared": { serve, ...shared },
  "production, dedicated": { build, files, ...dedicated },
  "production, shared": { files, ...shared },
};
