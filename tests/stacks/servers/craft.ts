/** The back end "craft": a NestJS gateway that the official Admin UI watches. Prints its address. */
import "reflect-metadata";
import {
  Body,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Patch,
  Post,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { WebSocketGateway, WebSocketServer } from "@nestjs/websockets";
import { instrument } from "@socket.io/admin-ui";
import type { Server } from "socket.io";

type State = Record<string, unknown>;

/** "the password of the tests", as the Admin UI wants it: hashed with bcrypt. */
const password = "$2a$04$zs99dls2mcFOE3mCoYj5c.0vXQgOy9eCXhydhs9FbU1jquow3z/ii";

@WebSocketGateway({ transports: ["websocket"], cors: { origin: true, credentials: true } })
class Gateway {
  @WebSocketServer() readonly server!: Server;

  afterInit(server: Server): void {
    const auth = { type: "basic", username: "admin", password } as const;
    instrument(server, { auth, mode: "development", namespaceName: "/admin" });
  }

  /** To all, or to one client. */
  push(event: string, data: unknown, clientId?: string): void {
    const target = clientId === undefined ? this.server : this.server.to(clientId);
    target.emit(event, data);
  }

  get clientCount(): number {
    return this.server.of("/").sockets.size;
  }
}

@Injectable()
class Resources {
  readonly #states = new Map<string, State>();

  get(name: string): State {
    return this.#states.get(name) ?? {};
  }

  change(name: string, changes: State): void {
    this.#states.set(name, { ...this.get(name), ...changes });
  }
}

@Controller("api")
class Api {
  constructor(
    @Inject(Gateway) private readonly gateway: Gateway,
    @Inject(Resources) private readonly resources: Resources,
  ) {}

  @Get("resource/:name")
  read(@Param("name") name: string): State {
    return this.resources.get(name);
  }

  @Patch("resource/:name")
  change(@Param("name") name: string, @Body() changes: State): void {
    this.resources.change(name, changes);
    this.gateway.push(`resource:${name}`, changes);
  }

  @Post("push")
  push(
    @Body() { event, values, clientId }: { event: string; values: unknown[]; clientId?: string },
  ) {
    for (const value of values) this.gateway.push(event, value, clientId);
    return { clients: this.gateway.clientCount };
  }

  /** Ends every connection as a network does. */
  @Post("cut")
  cut(): void {
    for (const socket of this.gateway.server.of("/").sockets.values()) socket.conn.close();
  }
}

@Module({ providers: [Gateway, Resources], controllers: [Api] })
class App {}

const app = await NestFactory.create(App, { logger: ["error", "warn"], cors: true });
await app.listen(0, "127.0.0.1");
console.log(`listening on ${await app.getUrl()}`);
