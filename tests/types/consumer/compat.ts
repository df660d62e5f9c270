/** A program of socket.io-client with the same event maps. */
import { io, type Socket } from "sockeye-client/compat";
import { holds } from "./shared.js";
import type { ClientToServer, Job, Same, ServerToClient } from "./shared.js";

const socket: Socket<ServerToClient, ClientToServer> = io("https://example.com/jobs");

socket.on("job:progress", (job) => holds<Same<typeof job, Job>>());
socket.emit("job:start", "salmon", (job) => holds<Same<typeof job, Job>>());
socket.timeout(1_000).emit("job:start", "salmon", (problem, job) => {
  holds<Same<typeof problem, Error>>();
  holds<Same<typeof job, Job>>();
});
const job = await socket.emitWithAck("job:start", "salmon");
holds<Same<typeof job, Job>>();
// @ts-expect-error -- an event of the other direction
socket.emit("moved", 1, 2);
