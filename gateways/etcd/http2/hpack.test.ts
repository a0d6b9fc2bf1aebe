import fc from 'fast-check';
import { HpackDecoder } from '#gateways/etcd/http2/hpack';
import { decodeHuffman, huffmanCodes } from '#gateways/etcd/http2/huffman';
import { hex } from '#gateways/etcd/http2/test-peer';

const decoderOf = (tableBytes = 4096, listBytes = 16_384) => {
  const decoder = new HpackDecoder(tableBytes, listBytes);
  const decode = (block: Buffer) => {
    const list = decoder.decode(block, 0, block.length);
    return list?.fields.map(({ name, value }) => `${name}: ${value}`);
  };
  return { decode, decoder };
};

const encodeHuffman = (octets: Uint8Array) => {
  const bits = [...octets].map((octet) => {
    const code = huffmanCodes[octet];
    return code === undefined ? '' : code.bits.toString(2).padStart(code.length, '0');
  });
  const padded = `${bits.join('')}1111111`;
  return Buffer.from(
    (padded.slice(0, padded.length - (padded.length % 8)).match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)),
  );
};

const huffman = (text: string) => {
  const bytes = hex(text);
  return decodeHuffman(bytes, 0, bytes.length);
};

describe('RFC 7541 appendix C', () => {
  it.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key: custom-header', 55],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path', 0],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret', 0],
    ['C.2.4', '82', ':method: GET', 0],
  ])('%s decodes to its field and leaves the table as printed', (_, block, field, tableBytes) => {
    const { decode, decoder } = decoderOf();
    expect(decode(hex(block))).toEqual([field]);
    expect(decoder.table.sizeBytes).toBe(tableBytes);
  });

  const first = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
  const second = [...first, 'cache-control: no-cache'];
  const third = [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ];
  it.each([
    [
      'C.3',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'C.4',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
  ])('%s: three requests on one connection', (_, blocks) => {
    const { decode, decoder } = decoderOf();
    expect(blocks.map((block) => decode(hex(block)))).toEqual([first, second, third]);
    expect(decoder.table.sizeBytes).toBe(164);
    expect([62, 63, 64].map((index) => decoder.table.at(index)?.name)).toEqual([
      'custom-key',
      'cache-control',
      ':authority',
    ]);
  });

  const location = 'location: https://www.example.com';
  const responses = [
    [':status: 302', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT', location],
    [':status: 307', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT', location],
    [
      ':status: 200',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:22 GMT',
      location,
      'content-encoding: gzip',
      'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ],
  ];
  it.each([
    [
      'C.5',
      [
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120' +
          '474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738' +
          '666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33' +
          '3630 303b 2076 6572 7369 6f6e 3d31',
      ],
    ],
    [
      'C.6',
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718' +
          '63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7' +
          'b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
    ],
  ])('%s: three responses through a table of 256 bytes, with eviction', (_, blocks) => {
    const { decode, decoder } = decoderOf(256);
    expect(blocks.map((block) => decode(hex(block)))).toEqual(responses);
    expect(decoder.table.sizeBytes).toBe(215);
  });
});

describe('Huffman strings', () => {
  it('decode to what was encoded, for every octet', () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    fc.assert(
      fc.property(fc.oneof(fc.constant(every), fc.uint8Array({ maxLength: 64 })), (octets) => {
        const encoded = encodeHuffman(octets);
        expect(decodeHuffman(encoded, 0, encoded.length)).toBe(Buffer.from(octets).toString('latin1'));
      }),
    );
  });

  it('fill the code space exactly (Kraft), EOS included', () => {
    expect(huffmanCodes.reduce((sum, { length }) => sum + 2 ** (30 - length), 0)).toBe(2 ** 30);
    expect(huffmanCodes[256]).toEqual({ bits: 0x3fffffff, length: 30 });
  });

  it.each([
    ['an empty string', '', ''],
    ['padding of 7 bits', '028a7f', '0  '],
    ['"0" with 3 bits of padding', '07', '0'],
    ['padding of zeroes', '00', undefined],
    ['a whole octet of padding', '07ff', undefined],
    ['EOS', 'fffffffc', undefined],
    ['EOS and padding', 'ffffffff', undefined],
    ['a code cut short', 'fe', undefined],
  ])('%s', (_, encoded, decoded) => {
    expect(huffman(encoded)).toBe(decoded);
  });
});

describe('a field block', () => {
  it.each([
    ['index 0', '80'],
    ['an index beyond both tables', 'be'],
    ['a name index beyond both tables', '7f00 0161'],
    ['an integer cut short', 'ff'],
    ['an integer of five continuation octets', 'ff 8080 8080 80 00'],
    ['an integer beyond 28 bits', '7f ffff ff ff 7f'],
    ['a string that leaves the block', '0005 6161'],
    ['a literal without its value', '0001 61'],
    ['a bad Huffman string', '0081 00 0161'],
    ['a size update behind a field', '8220'],
    ['a size update above the setting', '3fe2 1f'],
  ])('is refused for %s', (_, block) => {
    expect(decoderOf().decode(hex(block))).toBeUndefined();
  });

  it('reads integers with needless continuation octets', () => {
    expect(decoderOf().decode(hex('0f80 00 0161'))).toEqual(['accept-charset: a']);
  });

  it('changes the table size, even twice at its start, and evicts', () => {
    const { decode, decoder } = decoderOf();
    decode(hex('4001 6101 62'));
    expect(decode(hex('20 3fe1 1f be'))).toBeUndefined();
    expect(decoder.table.sizeBytes).toBe(0);
    expect(decoder.table.maxSizeBytes).toBe(4096);
    expect(decode(hex('4001 6101 62 be'))).toEqual(['a: b', 'a: b']);
  });

  it('empties the table for a field that is larger than it', () => {
    const { decode, decoder } = decoderOf(64);
    decode(hex('4001 6101 62'));
    expect(decode(Buffer.concat([hex('4001 6128'), Buffer.alloc(40, 'x')]))).toHaveLength(1);
    expect(decoder.table.sizeBytes).toBe(0);
  });

  it('keeps no more than the list may hold, but the table goes on', () => {
    const { decoder } = decoderOf(4096, 70);
    const block = hex('4001 6101 62 4001 6301 64 4001 6501 66');
    expect(decoder.decode(block, 0, block.length)).toMatchObject({ tooLarge: true, fields: [{}, {}] });
    expect(decoder.table.at(62)).toMatchObject({ name: 'e', value: 'f' });
  });

  it('marks names and values that RFC 9113 8.2.1 forbids', () => {
    const valid = (name: string, value: string) => {
      const octets = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
      const block = Buffer.concat([Buffer.from([0]), octets(name), octets(value)]);
      return decoderOf().decoder.decode(block, 0, block.length)?.fields[0]?.valid;
    };
    expect([valid('a', ''), valid('x-1_~', 'a b\tc\xff'), valid(':path', '/')]).toEqual([true, true, true]);
    expect(['A', '', 'a b', 'a:b', 'a\0', '\xe9'].map((name) => valid(name, 'x'))).not.toContain(true);
    expect([' a', 'a ', '\ta', 'a\r\nb', 'a\0b', '\n'].map((value) => valid('a', value))).not.toContain(true);
  });

  it('of random octets is read or refused, and the table keeps to its size', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), (blocks) => {
        const { decode, decoder } = decoderOf(128);
        for (const block of blocks) decode(Buffer.from(block));
        expect(decoder.table.sizeBytes).toBeLessThanOrEqual(decoder.table.maxSizeBytes);
        expect(decoder.table.sizeBytes).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });
});
