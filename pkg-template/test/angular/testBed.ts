/** Components in a page of jsdom, on a client with a fake core. */
import "@angular/compiler";
import { type Type } from "@angular/core";
import { getTestBed, TestBed } from "@angular/core/testing";
import { BrowserTestingModule, platformBrowserTesting } from "@angular/platform-browser/testing";
import { afterEach } from "vitest";
import { provideSockeye } from "../../src/angular.js";
import { connected } from "../support/setUp.js";

getTestBed().initTestEnvironment(BrowserTestingModule, platformBrowserTesting());
afterEach(() => void TestBed.resetTestingModule());

/** Renders a component below a connected client. */
export async function rendered<Shown>(component: Type<Shown>, providers: unknown[] = []) {
  const setting = await connected({ randomId: () => "id" });
  TestBed.configureTestingModule({
    providers: [provideSockeye({ client: setting.client }), ...(providers as [])],
  });
  const fixture = TestBed.createComponent(component);
  await fixture.whenStable();
  const text = () => (fixture.nativeElement as HTMLElement).textContent;
  return { ...setting, fixture, shown: fixture.componentInstance, text };
}
