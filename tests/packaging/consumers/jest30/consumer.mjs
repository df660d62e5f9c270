export const quick = true;
export const tools = ["jest", "react", "node"];
export const modes = {
  node: { run: "jest --env node" },
  jsdom: { run: "jest --env jsdom" },
};
