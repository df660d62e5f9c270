import { type ApplicationConfig, mergeApplicationConfig } from "@angular/core";
import { bootstrapApplication, type BootstrapContext } from "@angular/platform-browser";
import { provideServerRendering } from "@angular/platform-server";
import { provideServerRouting, RenderMode } from "@angular/ssr";
import { App } from "./app";
import { config } from "./config";
import { SERVER } from "./server";

const serverConfig: ApplicationConfig = {
  providers: [
    provideServerRendering(),
    provideServerRouting([{ path: "**", renderMode: RenderMode.Prerender }]),
    { provide: SERVER, useValue: process.env["SERVER"] ?? null },
  ],
};

export default (context: BootstrapContext) =>
  bootstrapApplication(App, mergeApplicationConfig(config, serverConfig), context);
