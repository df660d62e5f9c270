export const tools = ["vitest", "jsdom", "happy-dom", "react", "node"];
export const modes = {
  node: { run: "vitest run --environment node" },
  jsdom: { run: "vitest run --environment jsdom" },
  "happy-dom": { run: "vitest run --environment happy-dom" },
};
