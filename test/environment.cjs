// Jest runs tests in a context of their own, in which a package cannot import by itself, as PGlite
// does. This environment lends the tests an import of the outside.
const { TestEnvironment } = require('jest-environment-node');

class Environment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.importOutside = (name) => import(name);
  }
}

module.exports = Environment;
