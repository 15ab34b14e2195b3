/**
 * jest's node environment, with an ordinary global object.
 * jest makes a contextified one, where every look-up of a global such as `Math` passes an interceptor: X25519 then takes
 * 12 ms instead of 0.5, which no property test can afford.
 */
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
};
