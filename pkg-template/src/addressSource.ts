/** The address of each attempt, where the application gives a function. Loaded with the core. */
import { type Address, parseAddress } from "./address.js";
import { type EndpointOptions, type Endpoints, toEndpoints } from "./endpoints.js";
import { Question } from "./question.js";

/** What becomes of a question for the address. */
export interface AddressAnswers {
  give(ticket: number, endpoints: Endpoints): void;
  fail(ticket: number, cause: unknown): void;
}

/** Asks the application for the address of an attempt. */
export class AddressSource {
  readonly #url: Address;
  readonly #options: EndpointOptions;
  readonly #answers: AddressAnswers;
  readonly #question = new Question();

  constructor(url: Address, options: EndpointOptions, answers: AddressAnswers) {
    this.#url = url;
    this.#options = options;
    this.#answers = answers;
  }

  /** Asks; whatever was asked before counts no more. */
  async ask(ticket: number, attempt: number): Promise<void> {
    const asking = this.#question.begin();
    const { signal } = asking;
    try {
      const url =
        typeof this.#url === "function" ? await this.#url({ signal, attempt }) : this.#url;
      const { address, error } = parseAddress(url);
      if (error) throw error;
      if (this.#question.finish(asking))
        this.#answers.give(ticket, toEndpoints(address, this.#options));
    } catch (error) {
      if (this.#question.finish(asking)) this.#answers.fail(ticket, error);
    }
  }

  /** Gives up what is being asked. */
  cancel(): void {
    this.#question.cancel();
  }
}
