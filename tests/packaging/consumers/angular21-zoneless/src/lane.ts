import { ChangeDetectionStrategy, Component } from "@angular/core";
import { fromSockeyeEvent, injectLatest, injectTopic } from "./desk";
import { measured } from "./measured";

@Component({
  selector: "app-lane",
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h1>Lane</h1>
    <p>
      The lane is <b data-testid="topic">{{ lane().state }}</b>.
    </p>
    @if (moved(); as moved) {
      <p data-testid="moved">{{ moved[0] }} is at {{ moved[1] }}, {{ moved[2] }}</p>
    }
  `,
})
export class Lane {
  readonly lane = injectTopic({ join: ["lane:join", "north"] });
  readonly moved = injectLatest("moved");

  constructor() {
    fromSockeyeEvent("tick").subscribe(() => (measured.heard += 1));
    fromSockeyeEvent("tick").subscribe(() => (measured.heard += 1));
  }
}
