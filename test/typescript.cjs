// Lets a child process of a test run the sources as they are: `node test/typescript.cjs FILE.ts ARG...`.
const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const { transformSync } = require('@swc/core');

const resolve = Module._resolveFilename;
Module._resolveFilename = (request, parent, ...rest) => {
  const typed = request.replace(/\.js$/, '.ts');
  const isSource = request.startsWith('.') && parent?.filename?.endsWith('.ts');
  const path = isSource ? require('node:path').join(parent.path, typed) : request;
  return resolve.call(Module, existsSync(path) ? path : request, parent, ...rest);
};
Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: {
      parser: { syntax: 'typescript' },
      target: 'es2022',
      transform: { useDefineForClassFields: false },
    },
    module: { type: 'commonjs', ignoreDynamic: true },
  });
  module._compile(code, filename);
};

if (require.main === module) {
  process.argv.splice(1, 1);
  require(process.argv[1]);
}
