import { createClient } from "sockeye-client/inline";
import { openDesk } from "./desk.js";

// Its name is the server's address.
const desk = openDesk(createClient(name), (...shown) => postMessage(shown));
onmessage = ({ data }) => desk[data]();
