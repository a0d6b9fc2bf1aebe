import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { rules } from './harness/lint/rules.mjs';

const tests = ['**/*.test.ts'];
const onlySelector = (object) => `MemberExpression[property.name="only"][${object}=/^(describe|it|test)$/]`;

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', '.quickstart/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { ultracloud: { rules } },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        ...['object.name', 'object.object.name'].map((object) => ({
          selector: onlySelector(object),
          message: 'A test that runs alone hides all others.',
        })),
        {
          selector: 'CallExpression[callee.name=/^(fdescribe|fit)$/]',
          message: 'A test that runs alone hides all others.',
        },
      ],
      'ultracloud/lmdb-transaction': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'ultracloud/exhaustive-switch': ['error', { allowDefaultCaseForExhaustiveSwitch: false }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Numbers, booleans and integers of any size read well in a message; objects do not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Protocols are full of control characters.
      'no-control-regex': 'off',
      // A port's method is async for the driver that waits; the driver beside it need not.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: tests,
    rules: {
      // Answers of programs under test are parsed and matched as they come.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['AbortController', 'Buffer', 'URL', 'console', 'performance', 'process'].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: Object.fromEntries(['__dirname', 'module', 'require'].map((name) => [name, 'readonly'])),
    },
  },
  prettier,
);
