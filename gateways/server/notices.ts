/** What an operator should know: said once when it happens, and shown by `status` while it holds. */
export interface Notices {
  /** Says it, and keeps it under its name until it is taken back. */
  tell(name: string, notice: string): void;
  takeBack(name: string): void;
  list(): readonly string[];
}

export const noticesOf = (say: (line: string) => void): Notices => {
  const kept = new Map<string, string>();
  return {
    tell: (name, notice) => {
      if (!kept.has(name)) say(`warning: ${notice}`);
      kept.set(name, notice);
    },
    takeBack: (name) => void kept.delete(name),
    list: () => [...kept.values()],
  };
};
