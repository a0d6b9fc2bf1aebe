import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { putUint32, uint32At } from '#gateways/etcd/http2/frame';
import { maxWindowBytes } from '#gateways/etcd/http2/transmitter';

/** Identifiers of RFC 9113 6.5.2 and RFC 9218 2.1. */
export const Setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
  noRfc7540Priorities: 0x9,
} as const;

const settingBytes = 6;

export const settingsPayload = (settings: readonly (readonly [identifier: number, value: number])[]): Buffer => {
  const payload = Buffer.alloc(settings.length * settingBytes);
  settings.forEach(([identifier, value], index) => {
    payload[index * settingBytes + 1] = identifier;
    putUint32(payload, index * settingBytes + 2, value);
  });
  return payload;
};

/** The settings of a payload in order, of which unknown ones are to be ignored; or the code of the error in it. */
export const readSettings = (bytes: Uint8Array, start: number, end: number): [number, number][] | ErrorCode => {
  if ((end - start) % settingBytes !== 0) return ErrorCode.frameSizeError;
  const settings: [number, number][] = [];
  for (let offset = start; offset < end; offset += settingBytes) {
    const identifier = ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
    const value = uint32At(bytes, offset + 2);
    const fault = faultOf(identifier, value);
    if (fault !== ErrorCode.noError) return fault;
    settings.push([identifier, value]);
  }
  return settings;
};

const faultOf = (identifier: number, value: number): ErrorCode => {
  if (identifier === Setting.enablePush || identifier === Setting.noRfc7540Priorities) {
    return value > 1 ? ErrorCode.protocolError : ErrorCode.noError;
  }
  if (identifier === Setting.initialWindowSize && value > maxWindowBytes) return ErrorCode.flowControlError;
  if (identifier === Setting.maxFrameSize && (value < 0x4000 || value > 0xff_ffff)) return ErrorCode.protocolError;
  return ErrorCode.noError;
};
