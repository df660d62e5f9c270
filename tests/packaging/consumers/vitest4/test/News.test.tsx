import { cleanup, configure, render, screen } from "@testing-library/react";
import { SockeyeProvider } from "sockeye-client/react";
import { expect, test, vi } from "vitest";
import { News } from "../src/News";
import { startServer } from "./server";

configure({ asyncUtilTimeout: 4_000 }); // the first client of a test file loads its engine

test.skipIf(typeof document === "undefined")("shows the news", async () => {
  const server = await startServer();
  render(
    <SockeyeProvider url={server.url}>
      <News />
    </SockeyeProvider>,
  );
  await screen.findByText("connected");
  server.io.emit("news", "salmon has come in");
  await screen.findByText("salmon has come in");
  cleanup();
  await vi.waitFor(() => expect(server.io.engine.clientsCount).toBe(0));
  await server.stop();
});
