/** The code of an error of the system, such as ENOENT. It may come from another realm, so only its form counts. */
export const systemCode = (thrown: unknown): string | undefined => {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
};
