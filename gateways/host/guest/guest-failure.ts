/** What the world did not do. */
export const guestFailureCodes = {
  stale: 'A newer epoch or generation of the guest has been here.',
  absent: 'There is no such guest here.',
  notRunning: 'The guest does not run.',
  running: 'The guest runs.',
  unusable: 'The specification cannot be carried out.',
  missing: 'A program, file or device is missing.',
  start: 'QEMU did not start.',
  deadline: 'It did not happen in time.',
  lost: 'The connection to QEMU was lost.',
  refused: 'QEMU refused.',
  migration: 'The migration failed.',
  image: 'The image is not accepted.',
} as const;

export type GuestFailureCode = keyof typeof guestFailureCodes;

/** Ends an action of the driver. What was half done is found again by the next action. */
export class GuestFailure extends Error {
  readonly code: GuestFailureCode;

  constructor(code: GuestFailureCode, detail: string, cause?: unknown) {
    super(`${guestFailureCodes[code]} ${detail}`, { cause });
    this.code = code;
  }
}

/** Whether something thrown is such a failure; jest has realms of its own, so `instanceof` would not tell. */
export const isGuestFailure = (thrown: unknown, ...codes: readonly GuestFailureCode[]): thrown is GuestFailure =>
  thrown instanceof GuestFailure && (codes.length === 0 || codes.includes(thrown.code));
