/** Names that are made here. */
import { randomBytes } from "node:crypto";

/** 128 random bits, in hexadecimal digits. */
export const newId = (): string => randomBytes(16).toString("hex");

/** One name for several, which no other several have. */
export const joined = (...names: readonly string[]): string => JSON.stringify(names);
