const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const swc = [
  '@swc/jest',
  { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
];

const modules = join(__dirname, 'node_modules');

/** Installed packages that are ES modules only, which jest takes when they are compiled as the sources are. */
const esModules = (existsSync(modules) ? readdirSync(modules) : [])
  .flatMap((name) => (name.startsWith('@') ? readdirSync(join(modules, name)).map((own) => `${name}/${own}`) : [name]))
  .filter((name) => {
    const file = join(modules, name, 'package.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).type === 'module';
  });

module.exports = {
  testEnvironment: 'node',
  // Most of the long suites wait for processes that they have started.
  maxWorkers: '100%',
  testMatch: ['<rootDir>/{commands,aggregates,projections,log,gateways,harness}/**/*.test.ts'],
  moduleNameMapper: {
    '^#(commands|aggregates|projections|log|gateways|harness)/(.*)$': '<rootDir>/$1/$2.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: { '^.+[.][cm]?tsx?$': swc, '/node_modules/.+[.]m?js$': swc },
  transformIgnorePatterns: [`/node_modules/(?!(?:${esModules.join('|')})/)`],
};
