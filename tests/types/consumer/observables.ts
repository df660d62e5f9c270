/** Streams are what RxJS and `for await` take, and validators are Standard Schemas. */
import { from, map } from "rxjs";
import { createClient, validate } from "sockeye-client";
import * as valibot from "valibot";
import { z } from "zod";
import { holds } from "./shared.js";
import type { ClientToServer, Job, Same, ServerToClient } from "./shared.js";

const client = createClient<ServerToClient, ClientToServer>("https://example.com/jobs");

from(client.on("job:progress"))
  .pipe(map((job) => job))
  .subscribe((job) => holds<Same<typeof job, Job>>());

client.use(
  validate({
    inbound: { "job:progress": z.object({ id: z.string(), progress: z.number() }) },
    outbound: { typing: valibot.string() },
  }),
);
// @ts-expect-error -- not a schema
client.use(validate({ inbound: { alarm: "text" } }));
