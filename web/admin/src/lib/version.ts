// The version a dialog goes by, and how to learn of a newer one.

import { useState } from 'react';

export function useVersion(
  known: number,
  read: () => Promise<{ version: number } | undefined>,
): { version: number; reread: () => Promise<void> } {
  const [version, setVersion] = useState(known);
  return {
    version,
    reread: async () => {
      const found = await read();
      if (found !== undefined) {
        setVersion(found.version);
      }
    },
  };
}
