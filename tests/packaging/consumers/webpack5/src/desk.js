/** What a page or a worker does with a client. `show` gets what is to be shown where. */
export function openDesk(client, show) {
  client.status.subscribe(({ state }) => show("status", state));
  client.on("news").subscribe((text) => show("news", text));
  return {
    async double() {
      show("answer", await client.request("double", 21));
    },
    order() {
      const action = client.enqueue("order", "salmon");
      action.status.subscribe(({ state }) => show("order-state", state));
    },
    leave: () => client.destroy(),
  };
}
