import fc from 'fast-check';
import { defaultMaxFrameBytes, FrameReader } from '#gateways/etcd/http2/frame';
import { frameBytes, framesOf, type ReceivedFrame } from '#gateways/etcd/http2/test-peer';

const anyFrame = fc.record<ReceivedFrame>({
  type: fc.integer({ min: 0, max: 255 }),
  flags: fc.integer({ min: 0, max: 255 }),
  streamId: fc.integer({ min: 0, max: 0x7fff_ffff }),
  payload: fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
});

const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(offset, offset + size));
    offset += size;
  }
  return [...chunks, bytes.subarray(offset)];
};

describe('a frame reader', () => {
  it('finds the same frames however the bytes are cut', () => {
    const property = fc.property(
      fc.array(anyFrame, { maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 }),
      (frames, sizes) => {
        const bytes = Buffer.concat(frames.map((f) => frameBytes(f.type, f.flags, f.streamId, f.payload)));
        expect(framesOf(cut(bytes, sizes))).toEqual(frames);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('ignores the reserved bit of the stream identifier', () => {
    const bytes = frameBytes(0, 0, 1);
    bytes[5] = 0x80;
    expect(framesOf([bytes])).toMatchObject([{ streamId: 1 }]);
  });

  it.each([[[]], [[3]], [[9]], [[1, 1, 1, 1, 1, 1, 1, 1]]])(
    'refuses a longer frame by its header, cut at %j, and reads nothing after it',
    (sizes) => {
      const heard: string[] = [];
      const reader = new FrameReader({
        frame: () => heard.push('frame') > 0,
        oversized: (length) => heard.push(`oversized ${length}`),
      });
      const bytes = Buffer.concat([frameBytes(0, 0, 1, Buffer.alloc(defaultMaxFrameBytes + 1)), frameBytes(0, 0, 1)]);
      for (const chunk of cut(bytes, sizes)) reader.push(chunk);
      reader.push(frameBytes(0, 0, 1));
      expect(heard).toEqual(['oversized 16385']);
    },
  );

  it('does not copy a payload that lies inside one chunk', () => {
    const chunk = frameBytes(0, 0, 1, Buffer.from('abc'));
    expect(framesOf([chunk])[0]?.payload.buffer).toBe(chunk.buffer);
  });
});
