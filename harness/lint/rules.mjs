// Rules of our own for ESLint; harness/lint/rules.test.ts shows what each refuses.
import tseslint from 'typescript-eslint';

const keepsWrites = new Set(['transaction', 'transactionAsync']);

/**
 * lmdb's `transaction` commits what was written before its callback threw; `childTransaction` and `transactionSync`
 * roll back (measured with lmdb 3.5.6). The type tells lmdb's method from another of the same name.
 */
const lmdbTransaction = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      keeps: 'lmdb keeps the partial writes of a {{name}}() that throws; use childTransaction or transactionSync.',
    },
  },
  create(context) {
    const types = context.sourceCode.parserServices;
    return {
      'CallExpression > MemberExpression.callee'({ computed, property }) {
        if (computed || !keepsWrites.has(property.name)) return;
        const declared = types.getSymbolAtLocation(property)?.declarations?.[0]?.getSourceFile().fileName ?? '';
        if (!declared.includes('/node_modules/lmdb/')) return;
        context.report({ node: property, messageId: 'keeps', data: { name: property.name } });
      },
    };
  },
};

const exhaustive = tseslint.plugin.rules['switch-exhaustiveness-check'];

/** typescript-eslint's rule, but a switch over `typeof` may leave the rest to `default`: that union is not ours. */
const exhaustiveSwitch = {
  ...exhaustive,
  create(context) {
    const { SwitchStatement: check, ...rest } = exhaustive.create(context);
    return {
      ...rest,
      SwitchStatement(node) {
        if (node.discriminant.operator !== 'typeof') check(node);
      },
    };
  },
};

export const rules = { 'lmdb-transaction': lmdbTransaction, 'exhaustive-switch': exhaustiveSwitch };
