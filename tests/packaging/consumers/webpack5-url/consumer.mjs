export const sources = "webpack5";
export const tools = ["webpack"];
export const modes = {
  production: { build: "webpack", files: "dist" },
};
