import { expect, test } from "vitest";
import { memoryOutboxStore } from "../src/memoryStore.js";
import { memoryOutboxStore as exported } from "../src/stores.js";
import { describeStore } from "./support/storeConformance.js";

describeStore("memoryOutboxStore()", memoryOutboxStore);

test("memoryOutboxStore() is exported, and says that it is lost with the page", () => {
  expect(exported().durability).toBe("memory");
});
