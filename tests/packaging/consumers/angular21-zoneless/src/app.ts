import { ChangeDetectionStrategy, Component, inject } from "@angular/core";
import { RouterLink, RouterOutlet } from "@angular/router";
import { injectSockeye, injectStatus, provideSockeye } from "./desk";
import { desk } from "./server";

@Component({
  selector: "app-root",
  imports: [RouterOutlet],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<router-outlet />`,
})
export class App {}

/** What people see who have come in: the client goes when they leave. */
@Component({
  selector: "app-desk",
  imports: [RouterLink, RouterOutlet],
  changeDetection: ChangeDetectionStrategy.OnPush,
  providers: [provideSockeye(desk)],
  template: `
    <nav>
      <a data-testid="to-orders" routerLink="/">Orders</a> ·
      <a data-testid="to-lane" routerLink="/lane">Lane</a> ·
      <a data-testid="leave" routerLink="/goodbye">Leave</a>
    </nav>
    <p>
      The client is <b data-testid="status">{{ state() }}</b>.
    </p>
    <router-outlet />
  `,
})
export class Desk {
  readonly state = injectStatus(({ state }) => state);

  constructor() {
    injectSockeye().respond("has all come?", () => true);
  }
}

@Component({ selector: "app-goodbye", template: `<p>Goodbye.</p>` })
export class Goodbye {}
