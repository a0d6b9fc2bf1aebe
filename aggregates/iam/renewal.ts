import { isLeft, left, right } from 'fp-ts/lib/Either';
import { renewCertificate, requestCertificate, type RenewalCommand } from '#commands/iam/certificate';
import { certificateKind, isValid } from '#aggregates/certificate';
import { certificate } from '#aggregates/iam/certificate';
import type { Procedure } from '#aggregates/procedure';

/** A host renews what is about itself; for anything else the caller needs what asking for a certificate needs. */
export const renewal: Procedure<RenewalCommand> = {
  command: renewCertificate,
  rejections: certificate.rejections,
  perform({ id, body: { of, ...more } }, work, moment) {
    const renewed = work.get(certificateKind, of)?.state;
    if (renewed === undefined) return left({ code: 'certificate.absent', detail: { certificate: of } });
    if (!isValid(renewed, moment.now)) return left({ code: 'certificate.invalid', detail: { certificate: of } });
    const { purpose, subject, names, addresses } = renewed;
    const request = {
      kind: requestCertificate.kind,
      id,
      body: { purpose, subject, names, addresses, ...more, renews: of },
    };
    const decided = moment.principal === subject ? work.follow(request) : work.run(request);
    return isLeft(decided) ? decided : right(undefined);
  },
};
