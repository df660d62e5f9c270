/** All cases: `[title, body, only]`, where `only` may name the one environment that it is for. */
import addresses from "./addresses.js";
import answers from "./answers.js";
import binary from "./binary.js";
import connecting from "./connecting.js";
import emitting from "./emitting.js";
import engine from "./engine.js";
import listeners from "./listeners.js";
import parsers from "./parsers.js";
import reconnecting from "./reconnecting.js";
import recovery from "./recovery.js";
import refusals from "./refusals.js";

const files = {
  addresses,
  answers,
  binary,
  connecting,
  emitting,
  engine,
  listeners,
  parsers,
  reconnecting,
  recovery,
  refusals,
};

export const cases = Object.entries(files).flatMap(([file, define]) => {
  const list = [];
  const add = (only) => (title, body) => list.push([`${file}: ${title}`, body, only]);
  define(Object.assign(add(), { inBrowsers: add("browser"), inNode: add("node") }));
  return list;
});
