import { bootstrapApplication } from "@angular/platform-browser";
import { App } from "./app";
import { config } from "./config";
import { measure, measured } from "./measured";

measured.prerendered = document.querySelector("app-desk");
Object.assign(window, { measured });
void bootstrapApplication(App, config).then(measure);
