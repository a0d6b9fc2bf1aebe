/** What the CLI asks of the server's bundle. The reports are printed as they are. */
export interface ServerProgram {
  /** Serves until SIGTERM or SIGINT; gives the exit code. */
  serve(options: ServeOptions): Promise<number>;
  /** Decides the whole history again and compares the hashes. The directory must not be in use. */
  verify(options: { readonly data: string; readonly progress: (phrase: string) => void }): Promise<Verified>;
  /** Makes a data directory from a backup. */
  restore(options: { readonly backup: string; readonly data: string; readonly newId?: boolean }): Promise<unknown>;
}

export interface ServeOptions {
  readonly data: string;
  readonly http: string;
  readonly etcd: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly diskFloorBytes?: number;
  readonly backupEveryHours?: number;
  readonly backupKeep?: number;
  readonly version: string;
}

export interface Verified {
  readonly ok: boolean;
}
