/** Scripts in Redis. */
import { createHash } from "node:crypto";

/** What is needed of a client: that of the npm package `redis`, 4 or 5, or its cluster client. */
export interface RedisClient {
  /** Runs a script that Redis knows, by its SHA-1. */
  evalSha(sha: string, options: ScriptArguments): Promise<unknown>;
  /** Runs a script, which Redis knows from then on. */
  eval(script: string, options: ScriptArguments): Promise<unknown>;
}

/** What a script gets. */
export interface ScriptArguments {
  keys: string[];
  arguments: string[];
}

/** A script that Redis runs as one step, and what it answers. */
export type Script = (client: RedisClient, keys: string[], args: string[]) => Promise<unknown[]>;

/** Returns the script; Redis gets its text when it does not have it yet. */
export function script(text: string): Script {
  const sha = createHash("sha1").update(text).digest("hex");
  return async (client, keys, args) => {
    const options = { keys, arguments: args };
    const answer = await client.evalSha(sha, options).catch((error: unknown) => {
      if (!isUnknownScript(error)) throw error;
      return client.eval(text, options);
    });
    return Array.isArray(answer) ? (answer as unknown[]) : [answer];
  };
}

const isUnknownScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("NOSCRIPT");
