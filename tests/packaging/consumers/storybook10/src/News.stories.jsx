import { SockeyeProvider } from "sockeye-client/react";
import { createMockServer } from "sockeye-client/testing";
import { News } from "./News";

const server = createMockServer();
server.on("connection", (socket) => socket.emit("news", "salmon has come in"));

export default {
  component: News,
  decorators: [
    (Story) => (
      <SockeyeProvider url="http://mock" options={server.clientOptions()}>
        <Story />
      </SockeyeProvider>
    ),
  ],
};

export const WithNews = {};

export const Offline = {
  beforeEach: () => {
    server.stop();
    return () => server.start();
  },
};
