module.exports = () => globalThis.stopServer();
