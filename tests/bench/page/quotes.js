/** A table of 500 rows that shows quotes as they come, with React. */
import { createElement, memo, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { io } from "socket.io-client";
import { buffer, conflate, createClient } from "sockeye-client/inline";

const SYMBOLS = Array.from({ length: 500 }, (_, number) => `SYM${number}`);
let shown = 0;

/** Rows that change often are not laid out together, whoever renders them. */
const style = `
  .row { contain: strict; height: 20px; width: 400px; }
  .row > span { contain: strict; display: inline-block; height: 20px; width: 120px; }`;

const cell = (content) => createElement("span", { role: "cell" }, content);

const Row = memo(function Row({ symbol, quote }) {
  const cells = [symbol, quote?.price.toFixed(2), quote?.number].map(cell);
  return createElement("div", { role: "row", className: "row" }, ...cells);
});

/** Calls `follow` with what takes the newest quotes, by their symbols or in a list, and shows them. */
function Table({ follow }) {
  const [quotes, setQuotes] = useState(() => new Map());
  useEffect(() => follow((change) => setQuotes((known) => withChange(known, change))), [follow]);
  shown = quotes.size;
  const rows = SYMBOLS.map((symbol) =>
    createElement(Row, { key: symbol, symbol, quote: quotes.get(symbol) }),
  );
  return createElement("div", { role: "table" }, createElement("style", null, style), rows);
}

function withChange(known, change) {
  const quotes = new Map(known);
  change(quotes);
  return quotes;
}

const setAll = (list) => (quotes) => list.forEach((quote) => quotes.set(quote.symbol, quote));

/** How each shows them, with a quote in each event and with many. */
const contestants = {
  ours(perEvent) {
    const client = createClient(location.origin, { transports: ["websocket"] });
    const toChange = (changed) => (quotes) =>
      changed.forEach((quote, symbol) => quotes.set(symbol, quote));
    const follow = (show) => {
      const source =
        perEvent === 1
          ? conflate(client.on("quote"), ({ symbol }) => symbol)
          : buffer(client.on("quotes"));
      const handle = (some) => show(perEvent === 1 ? toChange(some) : setAll(some.flat()));
      const subscription = source.subscribe(handle);
      return () => subscription.unsubscribe();
    };
    return { follow, start: async (flow) => (await client.connect(), client.emit("flow", flow)) };
  },
  reference(perEvent) {
    const socket = io({ transports: ["websocket"] });
    const event = perEvent === 1 ? "quote" : "quotes";
    const follow = (show) => {
      const handle = (value) => show(setAll([value].flat()));
      socket.on(event, handle);
      return () => socket.off(event, handle);
    };
    return { follow, start: (flow) => void socket.emit("flow", flow) };
  },
};

/** Shows the table, and resolves when every row has a quote. */
globalThis.measure = async (name, flow) => {
  const { follow, start } = contestants[name](flow.perEvent);
  const element = document.body.appendChild(document.createElement("div"));
  createRoot(element).render(createElement(Table, { follow }));
  await start(flow);
  while (shown < SYMBOLS.length) await new Promise((resolve) => setTimeout(resolve, 10));
};
