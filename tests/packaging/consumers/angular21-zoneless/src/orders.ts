import { ChangeDetectionStrategy, Component, signal } from "@angular/core";
import { injectAction, injectLatest, injectSockeye } from "./desk";

@Component({
  selector: "app-orders",
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <p data-testid="news">{{ news() }}</p>
    <button data-testid="double" (click)="double()">Double 21</button>
    <p data-testid="answer">{{ answer() }}</p>
    <button data-testid="order" [disabled]="order.isPending()" (click)="order.run('salmon')">
      Order salmon
    </button>
    <p data-testid="order-state">{{ order.status()?.state }}</p>
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
