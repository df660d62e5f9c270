/**
 * To be called in a page: has workers that it makes from now on call a function, given as text, before anything is sent to
 * them. What a test takes away from a page is to be missing there, too.
 */
export function prepareWorkers(prepare) {
  const addresses = new Map();
  // One for each file: a shared worker is another one at another address.
  const prepared = (file) => {
    const address = JSON.stringify(new URL(file, location.href).href);
    if (!addresses.has(address)) {
      const code = [`import ${address};\n(${prepare})();`];
      addresses.set(address, URL.createObjectURL(new Blob(code, { type: "text/javascript" })));
    }
    return addresses.get(address);
  };
  const wrap = (Kind) =>
    class extends Kind {
      constructor(file, options) {
        super(prepared(file), options);
      }
    };
  window.Worker = wrap(window.Worker);
  window.SharedWorker = wrap(window.SharedWorker);
}
