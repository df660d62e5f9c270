import { type ApplicationConfig, provideZoneChangeDetection } from "@angular/core";
import { provideClientHydration } from "@angular/platform-browser";
import { provideRouter } from "@angular/router";
import { Desk, Goodbye } from "./app";
import { Lane } from "./lane";
import { Orders } from "./orders";

export const config: ApplicationConfig = {
  providers: [
    provideZoneChangeDetection({ eventCoalescing: true }),
    provideClientHydration(),
    provideRouter([
      {
        path: "",
        component: Desk,
        children: [
          { path: "", pathMatch: "full", component: Orders },
          { path: "lane", component: Lane },
        ],
      },
      { path: "goodbye", component: Goodbye },
    ]),
  ],
};
