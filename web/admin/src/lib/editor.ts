// A form over something that has a version: what is typed is kept beside what was read, only what was
// changed is sent, and a change of somebody else in between becomes a question (components/conflict).

import { useEffect, useRef, useState } from 'react';

import { isConflict } from './explain';
import { changesOf, merge, same, type Conflict, type Values } from './merge';

export interface Editor<V extends Values> {
  draft: V;
  set: (change: Partial<V>) => void;
  dirty: boolean;
  busy: boolean;
  saved: boolean;
  error: unknown;
  conflict: { conflicts: Conflict[]; taken: string[] } | null;
  save: () => Promise<boolean>;
  reset: () => void;
  // Which of the conflicting fields take the other's value; the rest stays as typed.
  resolve: (theirs: string[]) => Promise<boolean>;
  giveUp: () => void;
}

export interface EditorOf<Entity, V extends Values> {
  entity: Entity & { version: number };
  values: (entity: Entity) => V;
  save: (changes: Partial<V>, version: number) => Promise<Entity & { version: number }>;
  reread: () => Promise<Entity & { version: number }>;
  onSaved: (entity: Entity & { version: number }) => void;
}

export function useEditor<Entity, V extends Values>({
  entity,
  values,
  save,
  reread,
  onSaved,
}: EditorOf<Entity, V>): Editor<V> {
  const [base, setBase] = useState({ values: values(entity), version: entity.version });
  const [draft, setDraft] = useState(base.values);
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [theirs, setTheirs] = useState<(Entity & { version: number }) | null>(null);
  const dirty = !same(base.values, draft);

  // A part of it was saved by another form of the page, or read anew: what is untouched follows.
  const seen = useRef(entity.version);
  useEffect(() => {
    if (entity.version !== seen.current) {
      seen.current = entity.version;
      const fresh = values(entity);
      setDraft((typed) => merge(base.values, typed, fresh).merged);
      setBase({ values: fresh, version: entity.version });
    }
  }, [entity]); // eslint-disable-line

  const adopt = (next: Entity & { version: number }) => {
    seen.current = next.version;
    setBase({ values: values(next), version: next.version });
    setDraft(values(next));
    setTheirs(null);
    setSaved(true);
    onSaved(next);
  };

  const send = async (typed: V, from: { values: V; version: number }): Promise<boolean> => {
    setBusy(true);
    setError(null);
    setSaved(false);
    try {
      adopt(await save(changesOf(from.values, typed), from.version));
      return true;
    } catch (failure) {
      if (!isConflict(failure)) {
        setError(failure);
        return false;
      }
      try {
        setTheirs(await reread());
      } catch (second) {
        setError(second);
      }
      return false;
    } finally {
      setBusy(false);
    }
  };

  const comparison = theirs === null ? null : merge(base.values, draft, values(theirs));
  return {
    draft,
    set: (change) => {
      setSaved(false);
      setDraft((typed) => ({ ...typed, ...change }));
    },
    dirty,
    busy,
    saved,
    error,
    conflict: comparison,
    save: () => send(draft, base),
    reset: () => {
      setDraft(base.values);
      setError(null);
    },
    resolve: async (fields) => {
      if (theirs === null || comparison === null) {
        return false;
      }
      const read = values(theirs);
      const typed = { ...comparison.merged };
      for (const field of fields) {
        (typed as Values)[field] = read[field];
      }
      const from = { values: read, version: theirs.version };
      setBase(from);
      setDraft(typed);
      seen.current = theirs.version;
      setTheirs(null);
      if (same(typed, read)) {
        adopt(theirs); // nothing of ours is left to save
        return true;
      }
      return send(typed, from);
    },
    giveUp: () => setTheirs(null),
  };
}
