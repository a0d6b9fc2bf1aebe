import { seedImage } from '#gateways/host/guest/seed';

const seed = {
  userData: `#cloud-config\n${'x'.repeat(5_000)}\n`,
  metaData: 'instance-id: one\n',
  networkConfig: 'version: 2\n',
};

describe('the seed', () => {
  test('has equal bytes for equal texts', () => expect(seedImage(seed)).toEqual(seedImage({ ...seed })));
  test('is whole sectors with the label cidata', () => {
    const image = seedImage(seed);
    expect(image.length % 2_048).toBe(0);
    expect(image.toString('latin1', 16 * 2_048 + 40, 16 * 2_048 + 46)).toBe('cidata');
  });
});
