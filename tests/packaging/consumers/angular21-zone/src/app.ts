import { ApplicationRef, ChangeDetectionStrategy, Component, inject } from "@angular/core";
import { RouterLink, RouterOutlet } from "@angular/router";
import { injectSockeye, injectStatus } from "./desk";

@Component({
  selector: "app-root",
  imports: [RouterOutlet],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<router-outlet />`,
})
export class App {}

@Component({
  selector: "app-desk",
  imports: [RouterLink, RouterOutlet],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <nav>
      <a data-testid="to-orders" routerLink="/">Orders</a> ·
      <a data-testid="to-lane" routerLink="/lane">Lane</a> ·
      <button data-testid="leave" (click)="application.destroy()">Leave</button>
    </nav>
    <p>
      The client is <b data-testid="status">{{ state() }}</b>.
    </p>
    <router-outlet />
  `,
})
export class Desk {
  readonly application = inject(ApplicationRef);
  readonly state = injectStatus(({ state }) => state);

  constructor() {
    injectSockeye().respond("has all come?", () => true);
  }
}
