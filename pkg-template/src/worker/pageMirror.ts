/** A page, as a store sees it that is in the page's worker. */
import type { TabChannel, TabScope } from "../ports/tabScope.js";

/** What a page's document and window tell that concerns a store. */
export const documentEvents = ["freeze", "resume", "visibilitychange"] as const;
export const windowEvents = ["pagehide", "pageshow"] as const;

/** Tells what the page has told. Locks and channels are the worker's own. */
export class PageMirror extends EventTarget implements TabScope {
  readonly document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  readonly navigator: TabScope["navigator"];
  readonly BroadcastChannel: (new (name: string) => TabChannel) | undefined;

  constructor({ navigator, BroadcastChannel }: TabScope = globalThis) {
    super();
    this.navigator = navigator;
    this.BroadcastChannel = BroadcastChannel;
  }

  /** The page has told this. */
  tell(type: string, persisted: boolean, visibilityState: string): void {
    this.document.visibilityState = visibilityState;
    const isOfDocument = (documentEvents as readonly string[]).includes(type);
    const target = isOfDocument ? this.document : this;
    target.dispatchEvent(Object.assign(new Event(type), { persisted }));
  }

  /** The same page, with the note that a database was made, which only the page can keep. */
  withNote(wasMade: boolean, handleMade: () => void): TabScope {
    let isNoted = wasMade;
    const { navigator, BroadcastChannel, document } = this;
    return {
      ...{ navigator, BroadcastChannel, document },
      addEventListener: (...given: Parameters<EventTarget["addEventListener"]>) =>
        this.addEventListener(...given),
      localStorage: {
        getItem: () => (isNoted ? "made" : null),
        setItem: () => {
          isNoted = true;
          handleMade();
        },
      },
    };
  }
}
