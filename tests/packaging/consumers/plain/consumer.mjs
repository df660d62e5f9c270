export const quick = true;
export const tools = [];
export const modes = {
  "script type=module": { files: ".", countsBytes: true },
};
