/** An Angular application without components: ngx-socket-io's Socket, and what a test asks of it. */
import "@angular/compiler";
import { provideZonelessChangeDetection } from "@angular/core";
import { createApplication } from "@angular/platform-browser";
import { Socket, provideSocketIo } from "ngx-socket-io";

window.start = async (url) => {
  const config = { url, options: { reconnectionDelay: 10, reconnectionDelayMax: 50 } };
  const providers = [provideZonelessChangeDetection(), provideSocketIo(config)];
  const { injector } = await createApplication({ providers });
  window.socket = injector.get(Socket);
};

/** Collects what an observable gives; `window.leave()` ends that. */
window.collect = (event) => {
  window.heard = [];
  const subscription = window.socket
    .fromEvent(event)
    .subscribe((value) => window.heard.push(value));
  window.leave = () => subscription.unsubscribe();
};
