import { checkAlarms } from '#gateways/cli/checks';

const row = (id: object, standing: boolean) => ({
  ...id,
  code: 'test.alarm',
  message: 'Something is \u001b[1mwrong.',
  standing,
});

test('an alarm is named with what is wrong and how to answer it', () => {
  const standing = row({ id: 'key-quota/keys' }, true);
  const timer = row({ idBase64: Buffer.from('timer/key/\xff', 'latin1').toString('base64') }, false);
  expect(checkAlarms([standing, timer], true)).toEqual([
    {
      name: 'alarm',
      state: 'warning',
      found: expect.stringMatching(/^key-quota\/keys: Something is [^\u001b]*wrong\.$/),
      fix: expect.stringContaining('ends by itself'),
    },
    expect.objectContaining({
      found: expect.stringMatching(/^base64:dGltZXIva2V5L\/8=: /),
      fix: 'Remove its cause, then try again: ultracloud alarm disarm base64:dGltZXIva2V5L/8=',
    }),
    { name: 'alarm', state: 'warning', found: 'there are more', fix: 'ultracloud alarm list shows all.' },
  ]);
  expect(checkAlarms([], false)).toEqual([{ name: 'alarms', state: 'ok', found: 'none stands' }]);
});
