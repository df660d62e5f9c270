/** What the build makes of the crate: the module's loader and its one export. */

/** Compiles and instantiates the module; the exports of this file work afterwards. */
export default function initialize(input: { module_or_path: BufferSource }): Promise<unknown>;

/** The exported manager. What its methods do is documented in the crate. */
export class Manager {
  constructor(options: object, events: object);
  reportTo(manager: Manager): void;
  socket(namespace: string, authOnDemand: boolean): number;
  connect(socket: number): void;
  disconnect(socket: number): void;
  reconnectNow(): void;
  authenticate(socket: number, ticket: number, payload?: string): void;
  failAuthentication(socket: number, ticket: number): void;
  emit(socket: number, body: string, volatile: boolean): string | undefined;
  request(socket: number, request: number, body: string, timeoutMs: number): string | undefined;
  cancel(socket: number, request: number): void;
  acknowledge(socket: number, connection: number, ackId: number, body: string): void;
  handleDiagnosis(code: string): void;
  destroy(): void;
  free(): void;
}
