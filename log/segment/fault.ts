import { logError, type LogError } from '#log/log';

const REPAIRS =
  'Copy the log directory aside and check the disk. Then put back this file from another copy, or restore the newest ' +
  'backup with `ultracloud backup restore`, or empty this data directory if other replicas hold the log';

/** An entry that was durable can no longer be read. */
export const corruptEntry = (place: string, offset: number, position: number, found: string): LogError =>
  logError(
    { kind: 'corrupt', place, offset, position },
    `The log is damaged at position ${position}: ${place}, byte ${offset}: ${found}. Nothing was changed. ${REPAIRS}.`,
  );

export const unreadableHeader = (place: string, position: number): LogError =>
  logError(
    { kind: 'corrupt', place, offset: 0, position },
    `${place} should begin with the header of a log segment for position ${position}, and does not. ` +
      `Nothing was changed. ${REPAIRS}.`,
  );

export const missingFile = (place: string, position: number, evidence: string): LogError =>
  logError(
    { kind: 'missing', place, position },
    `The log lacks ${place}, which should begin with position ${position}: ${evidence}. ` +
      `Nothing was changed. ${REPAIRS}.`,
  );

export const newerFormat = (place: string, found: number, understood: number): LogError =>
  logError(
    { kind: 'newer', place, found, understood },
    `${place} is of format ${found}; this release understands ${understood} and older. Start the release that wrote ` +
      'it, or a later one.',
  );

export const foreignFile = (place: string, what: string, found: string, expected: string): LogError =>
  logError(
    { kind: 'foreign', place, found, expected },
    `${place} is of ${what} ${found}, expected ${expected}: it belongs to another log. ` +
      'Use the directory of this log, or take the file away.',
  );

export const lockedDirectory = (place: string, pid: number): LogError =>
  logError(
    { kind: 'locked', place, pid },
    `The log is open in process ${pid} (${place}). One process may have it open: stop that one, or use another ` +
      'data directory.',
  );
