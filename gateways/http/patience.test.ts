import { openPatience } from '#gateways/http/patience';

test('an outcome that does not come in half a minute is unknown, and others are what they are', async () => {
  jest.useFakeTimers();
  const patience = openPatience();
  const never = patience(new Promise(() => undefined)).catch((error: unknown) => error);
  const failed = patience(Promise.reject(new Error('no room'))).catch((error: unknown) => error);
  expect(await failed).toMatchObject({ message: 'no room' });
  await jest.advanceTimersByTimeAsync(29_000);
  const late = patience(new Promise(() => undefined));
  const lateFailed = jest.fn();
  late.catch(lateFailed);
  await jest.advanceTimersByTimeAsync(3_000);
  expect(await never).toMatchObject({ message: 'the outcome took too long' });
  expect(lateFailed).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(30_000);
  expect(lateFailed).toHaveBeenCalledTimes(1);
  jest.useRealTimers();
});
