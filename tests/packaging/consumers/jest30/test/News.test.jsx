/** @jest-environment jsdom */
import { configure, render, screen } from "@testing-library/react";
import { SockeyeProvider } from "sockeye-client/react";
import { News } from "../src/News";

configure({ asyncUtilTimeout: 4_000 }); // the first client of a test file loads its engine

test("shows the news", async () => {
  render(
    <SockeyeProvider url={process.env.OWN_SERVER}>
      <News />
    </SockeyeProvider>,
  );
  await screen.findByText("connected");
  await screen.findByText("welcome");
});
