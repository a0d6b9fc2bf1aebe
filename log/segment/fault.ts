import { logError, type LogError } from '#log/log';

const REPAIRS =
  'Copy the data directory aside and check the disk. Then put this file back from another copy, or restore the ' +
  'newest backup: ultracloud backup restore BACKUP --data NEW_DIRECTORY';

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

export const unreadableManifest = (place: string): LogError =>
  logError(
    { kind: 'corrupt', place, offset: 0, position: 0 },
    `${place} should be a JSON object with format, clusterId, incarnation, base, keptBase and reached, and is not. ` +
      `Nothing was changed. ${REPAIRS}.`,
  );

export const missingManifest = (place: string, position: number, evidence: string): LogError =>
  logError(
    { kind: 'missing', place, position },
    `${place} is missing, but ${evidence} holds entries. Nothing was changed. ${REPAIRS}.`,
  );

export const missingFile = (place: string, position: number, evidence: string): LogError =>
  logError(
    { kind: 'missing', place, position },
    `The log lacks ${place}, which should begin with position ${position}: ${evidence}. ` +
      `Nothing was changed. ${REPAIRS}.`,
  );

/** Whoever applies the entries knows later ones than the directory can ever have held. */
export const missingLog = (place: string, applied: number): LogError =>
  logError(
    { kind: 'missing', place, position: 1 },
    `${place} is missing, so there is no log here, but the state has reached position ${applied}. ` +
      `Nothing was changed. ${REPAIRS}.`,
  );

export const newerFormat = (place: string, found: number, understood: number): LogError =>
  logError(
    { kind: 'newer', place, found, understood },
    `${place} is of format ${found}; this release understands ${understood} and older. Nothing was changed. ` +
      'Start the release that wrote it, or a later one.',
  );

export const foreignFile = (place: string, what: string, found: string, expected: string): LogError =>
  logError(
    { kind: 'foreign', place, found, expected },
    `${place} is of ${what} ${found}, expected ${expected}: it belongs to another log. Nothing was changed. ` +
      'Put the file of this log back.',
  );

export const lockedDirectory = (place: string, pid: number): LogError =>
  logError(
    { kind: 'locked', place, pid },
    `The data directory is in use by process ${pid} (${place}). One process may have it open: stop that one, or use ` +
      'another data directory.',
  );
