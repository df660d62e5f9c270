import { ChangeDetectionStrategy, Component, signal } from "@angular/core";
import { injectAction, injectLatest, injectSockeye } from "./desk";

@Component({
  selector: "app-orders",
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h1>Orders</h1>
    <p>
      News: <b data-testid="news">{{ news() }}</b>
    </p>
    <p>
      <button data-testid="double" (click)="double()">Double 21</button>
      <b data-testid="answer">{{ answer() }}</b>
    </p>
    <p>
      <button data-testid="order" [disabled]="order.isPending()" (click)="order.run('salmon')">
        Order salmon
      </button>
      <b data-testid="order-state">{{ order.status()?.state }}</b>
    </p>
  `,
})
export class Orders {
  readonly #client = injectSockeye();
  readonly news = injectLatest("news");
  readonly order = injectAction("order");
  readonly answer = signal<number | undefined>(undefined);

  async double(): Promise<void> {
    this.answer.set(await this.#client.request("double", 21));
  }
}
