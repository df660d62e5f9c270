export const sources = "plain";
export const tools = [];
export const modes = {
  "script type=module": { files: "." },
};
