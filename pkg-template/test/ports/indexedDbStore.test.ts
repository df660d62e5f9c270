import "fake-indexeddb/auto";
import { IndexedDbStore } from "../../src/ports/indexedDbStore.js";
import { randomId } from "../../src/randomId.js";
import { FakeBrowser } from "../support/fakeTabs.js";
import { describeStore } from "../support/storeConformance.js";

const makeStore = () => new IndexedDbStore({ name: randomId() }, new FakeBrowser().open());

describeStore("indexedDbOutboxStore()", makeStore);
