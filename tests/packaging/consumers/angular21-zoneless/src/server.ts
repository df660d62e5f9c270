import { DOCUMENT } from "@angular/common";
import { InjectionToken, inject } from "@angular/core";

/** Where the desk is; without one nothing connects. */
export const SERVER = new InjectionToken<string | null>("server", {
  providedIn: "root",
  factory: () => new URL(inject(DOCUMENT).location.href).searchParams.get("server"),
});
