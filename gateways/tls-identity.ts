/** A certificate that a server shows, with its private key, in PEM. */
export interface TlsPair {
  readonly cert: Buffer | string;
  readonly key: Buffer | string;
  /** Authorities of clients, in PEM. With them clients are asked for a certificate, and may be without. */
  readonly ca?: string;
}

/** The same for a server that may show another one later without being started again. */
export interface TlsIdentity extends TlsPair {
  /** Is to be called with each pair that is shown from then on, on new connections. */
  readonly onRenewed?: (take: (pair: TlsPair) => void) => void;
}
