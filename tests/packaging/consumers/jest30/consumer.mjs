const esm = "node --experimental-vm-modules node_modules/jest/bin/jest.js --config jest.esm.json";

export const quick = true;
export const tools = ["jest", "react", "node"];
export const modes = {
  node: { run: "jest --env node" },
  jsdom: { run: "jest --env jsdom" },
  "jsdom, ES modules": { run: `${esm} --env jsdom` },
};
