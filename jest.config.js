const swc = [
  '@swc/jest',
  { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
];

module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{commands,aggregates,projections,log,gateways,harness}/**/*.test.ts'],
  moduleNameMapper: {
    '^#(commands|aggregates|projections|log|gateways|harness)/(.*)$': '<rootDir>/$1/$2.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: { '^.+[.][cm]?tsx?$': swc },
};
