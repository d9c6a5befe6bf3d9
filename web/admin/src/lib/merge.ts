// Two people changed the same thing. What only one of them touched needs no question; what both did
// is for the second one to decide, with both values in sight. Pure.

export type Values = Record<string, unknown>;

export interface Conflict {
  field: string;
  mine: unknown;
  theirs: unknown;
}

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

// `base` is what both began with.
export function merge<V extends Values>(
  base: V,
  mine: V,
  theirs: V,
): { merged: V; conflicts: Conflict[]; taken: string[] } {
  const merged: Values = { ...theirs };
  const conflicts: Conflict[] = [];
  const taken: string[] = []; // changed by the other alone
  for (const field of Object.keys(theirs)) {
    const changedHere = !same(mine[field], base[field]);
    const changedThere = !same(theirs[field], base[field]);
    if (changedHere) {
      merged[field] = mine[field];
    }
    if (changedHere && changedThere && !same(mine[field], theirs[field])) {
      conflicts.push({ field, mine: mine[field], theirs: theirs[field] });
    } else if (changedThere && !changedHere) {
      taken.push(field);
    }
  }
  return { merged: merged as V, conflicts, taken };
}

// What was changed, and nothing else: so a save touches only what its author touched.
export function changesOf<V extends Values>(base: V, draft: V): Partial<V> {
  const changed: Values = {};
  for (const field of Object.keys(draft)) {
    if (!same(base[field], draft[field])) {
      changed[field] = draft[field];
    }
  }
  return changed as Partial<V>;
}
