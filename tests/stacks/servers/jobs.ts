/** The back end "jobs": a NestJS gateway with its data in Redis: `jobs <Redis's socket>`. Prints its address. */
import "reflect-metadata";
import { randomUUID } from "node:crypto";
import { Body, Controller, Get, Inject, Module, Param, Post, Query } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from "@nestjs/websockets";
import { createClient } from "redis";
import type { Namespace, Socket } from "socket.io";

const [path = ""] = process.argv.slice(2);
const redis = await createClient({ socket: { path } }).connect();
const kept = 100;
const keptSeconds = 24 * 60 * 60;

interface Wanted {
  jobId?: string;
  userId?: string;
}

interface Start {
  userId?: string;
  steps?: number;
  fail?: boolean;
  /** Whether it ends when it is told to; not of the contract. */
  waits?: boolean;
}

function roomOf({ jobId, userId }: Wanted): string {
  if (jobId !== undefined) return `job:${jobId}`;
  return userId === undefined ? "all-jobs" : `user:${userId}`;
}

@WebSocketGateway({ namespace: "/jobs", cors: { origin: true, credentials: true } })
class Gateway {
  @WebSocketServer() readonly namespace!: Namespace;
  /** How often each action was to be done. */
  readonly attempts = new Map<string, number>();

  afterInit(namespace: Namespace): void {
    namespace.use((socket, next) => {
      if (socket.handshake.auth["token"] === "stolen") next(new Error("unauthorized"));
      else next();
    });
  }

  async handleConnection(client: Socket): Promise<void> {
    await redis.set(`client:${client.id}`, new Date().toISOString());
  }

  async handleDisconnect(client: Socket): Promise<void> {
    await redis.del([`client:${client.id}`, `subscriptions:${client.id}`]);
  }

  @SubscribeMessage("subscribe:jobs")
  async subscribe(@ConnectedSocket() client: Socket, @MessageBody() wanted: Wanted) {
    const room = roomOf(wanted ?? {});
    await client.join(room);
    await redis.sAdd(`subscriptions:${client.id}`, room);
    return { success: true, room, message: `subscribed to ${room}` };
  }

  @SubscribeMessage("unsubscribe:jobs")
  async unsubscribe(@ConnectedSocket() client: Socket, @MessageBody() wanted: Wanted) {
    const room = roomOf(wanted ?? {});
    await client.leave(room);
    await redis.sRem(`subscriptions:${client.id}`, room);
    return { success: true, room, message: `unsubscribed from ${room}` };
  }

  /** Not of the contract: what a handler does that throws. */
  @SubscribeMessage("cancel:job")
  cancel(@MessageBody() { jobId }: { jobId: string }) {
    this.attempts.set(jobId, (this.attempts.get(jobId) ?? 0) + 1);
    if (jobId === "unknown") throw new WsException(`there is no job ${jobId}`);
    return { cancelled: jobId };
  }

  async tell(event: string, userId: string | undefined, fields: { jobId: string }): Promise<void> {
    const payload = { ...fields, timestamp: new Date().toISOString() };
    const key = `job-history:${fields.jobId}`;
    const text = JSON.stringify({ event, payload });
    await redis.multi().rPush(key, text).lTrim(key, -kept, -1).expire(key, keptSeconds).exec();
    const rooms = [`job:${fields.jobId}`, "all-jobs"];
    if (userId !== undefined) rooms.push(`user:${userId}`);
    this.namespace.to(rooms).emit(event, payload);
  }
}

@Controller("api/jobs")
class Api {
  readonly #ends = new Map<string, () => void>();

  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Post()
  start(@Body() wanted: Start): { jobId: string } {
    const jobId = randomUUID();
    void this.#run(jobId, wanted);
    return { jobId };
  }

  @Get(":id/history")
  async history(@Param("id") id: string, @Query("limit") limit = String(kept)) {
    const texts = await redis.lRange(`job-history:${id}`, -Number(limit), -1);
    return { jobId: id, updates: texts.map((text) => JSON.parse(text) as unknown) };
  }

  @Post(":id/end")
  end(@Param("id") id: string): void {
    this.#ends.get(id)?.();
  }

  @Get("attempts/:id")
  attempts(@Param("id") id: string): { attempts: number } {
    return { attempts: this.gateway.attempts.get(id) ?? 0 };
  }

  /** Ends every connection as a network does. */
  @Post("cut")
  cut(): void {
    for (const socket of this.gateway.namespace.sockets.values()) socket.conn.close();
  }

  async #run(jobId: string, wanted: Start): Promise<void> {
    const { userId, steps = 3, fail = false, waits = false } = wanted;
    const end = new Promise<void>((resolve) => this.#ends.set(jobId, resolve));
    const tell = (event: string, fields: object) =>
      this.gateway.tell(event, userId, { jobId, ...fields });
    await tell("job:update", { status: "in_progress", data: {} });
    for (let step = 1; step <= steps; step += 1) {
      const progress = Math.round((100 * step) / steps);
      await tell("job:progress", { status: "in_progress", progress });
    }
    if (waits) await end;
    if (fail) await tell("job:error", { status: "failed", error: "it was to fail" });
    else await tell("job:completed", { status: "completed", result: { steps } });
  }
}

@Module({ providers: [Gateway], controllers: [Api] })
class App {}

const app = await NestFactory.create(App, { logger: ["error", "warn"], cors: true });
await app.listen(0, "127.0.0.1");
console.log(`listening on ${await app.getUrl()}`);
