/**
 * jest's node environment, with an ordinary global object.
 * jest makes a contextified one, where every look-up of a global such as `Math` passes an interceptor: X25519 then takes
 * 12 ms instead of 0.5, which no property test can afford.
 */
const cluster = require("node:cluster");
const vm = require("node:vm");
const { TestEnvironment } = require("jest-environment-node");

module.exports = class PlainGlobalEnvironment extends TestEnvironment {
  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }

  /**
   * Each file of tests has modules of its own, so each loads mortice (of libp2p's peer store) anew, which listens to
   * `node:cluster` once for each process, and never stops: after a few files, Node warns of a leak that no program has.
   */
  async teardown() {
    cluster.removeAllListeners("message");
    await super.teardown();
  }
};
