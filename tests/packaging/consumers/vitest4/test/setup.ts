import { WebSocket } from "ws";

// Node has one from version 22 on. That of jsdom fails in Vitest: it dispatches events of another realm.
globalThis.WebSocket = WebSocket as never;
