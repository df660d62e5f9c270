/**
 * To be called in a page: has workers that it makes from now on call a function, given as text, before anything is sent to
 * them. What a test takes away from a page is to be missing there, too.
 */
export function prepareWorkers(prepare) {
  const { Worker } = window;
  window.Worker = class extends Worker {
    constructor(file, options) {
      const address = JSON.stringify(new URL(file, location.href).href);
      const code = [`import ${address};\n(${prepare})();`];
      super(URL.createObjectURL(new Blob(code, { type: "text/javascript" })), options);
    }
  };
}
