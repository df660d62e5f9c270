import { createClient } from "sockeye-client/inline";
import { openDesk } from "./desk.js";

// Its name is the server's address. One client is there for all tabs; a new one is shown what was shown last.
const tabs = new Set();
const last = new Map();
const desk = openDesk(createClient(name), (id, text) => {
  last.set(id, text);
  for (const tab of tabs) tab.postMessage([id, text]);
});

onconnect = ({ ports: [tab] }) => {
  tabs.add(tab);
  for (const shown of last) tab.postMessage(shown);
  tab.onmessage = ({ data }) => {
    if (data !== "leave") return desk[data]();
    tabs.delete(tab);
    if (tabs.size === 0) desk.leave();
  };
};
