import { type ApplicationConfig, provideZoneChangeDetection } from "@angular/core";
import { provideClientHydration } from "@angular/platform-browser";
import { provideRouter } from "@angular/router";
import { Desk } from "./app";
import { provideSockeye } from "./desk";
import { Lane } from "./lane";
import { Orders } from "./orders";
import { desk } from "./server";

export const config: ApplicationConfig = {
  providers: [
    provideZoneChangeDetection({ eventCoalescing: true }),
    provideClientHydration(),
    provideSockeye(desk),
    provideRouter([
      {
        path: "",
        component: Desk,
        children: [
          { path: "", pathMatch: "full", component: Orders },
          { path: "lane", component: Lane },
        ],
      },
    ]),
  ],
};
