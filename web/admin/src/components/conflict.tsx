// Somebody else saved first: both values side by side, and a choice for each.

import { useState } from 'react';

import type { Editor } from '../lib/editor';
import type { Values } from '../lib/merge';
import { Button, Dialog } from './basics';

function say(value: unknown): string {
  if (value === null || value === undefined || value === '') {
    return '(empty)';
  }
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) {
    return value.join(', ') || '(empty)';
  }
  return typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value);
}

export function ConflictDialog<V extends Values>({
  editor,
  names,
}: {
  editor: Editor<V>;
  // How the form calls its fields.
  names: Partial<Record<keyof V & string, string>>;
}) {
  const [theirs, setTheirs] = useState<string[]>([]);
  const { conflict } = editor;
  if (conflict === null) {
    return null;
  }
  const name = (field: string) => names[field as keyof V & string] ?? field;
  const choose = (field: string, other: boolean) =>
    setTheirs((chosen) =>
      other ? [...chosen.filter((one) => one !== field), field] : chosen.filter((one) => one !== field),
    );
  return (
    <Dialog title="Somebody else changed this meanwhile" onClose={editor.giveUp} wide>
      <div className="dialog-body">
        <p>
          Nothing of yours was saved yet, and nothing of theirs is lost.
          {conflict.conflicts.length > 0
            ? ' Please choose what each of these should be:'
            : ' You changed different things, so both can be kept.'}
        </p>
        {conflict.conflicts.map(({ field, mine, theirs: other }) => (
          <fieldset key={field} className="conflict">
            <legend>{name(field)}</legend>
            {(
              [
                ['mine', 'Yours', mine],
                ['theirs', 'Theirs', other],
              ] as const
            ).map(([whose, label, value]) => (
              <label key={whose} className="conflict-side">
                <span className="conflict-whose">
                  <input
                    type="radio"
                    name={`conflict-${field}`}
                    checked={theirs.includes(field) === (whose === 'theirs')}
                    onChange={() => choose(field, whose === 'theirs')}
                  />
                  {label}
                </span>
                <span className="conflict-value">{say(value)}</span>
              </label>
            ))}
          </fieldset>
        ))}
        {conflict.taken.length > 0 && (
          <p className="soft">
            Theirs alone, kept as it is: {conflict.taken.map(name).join(', ')}.
          </p>
        )}
      </div>
      <footer className="dialog-foot">
        <Button onClick={editor.giveUp}>Go on editing</Button>
        <Button kind="primary" busy={editor.busy} onClick={() => void editor.resolve(theirs)}>
          Save this way
        </Button>
      </footer>
    </Dialog>
  );
}

// Below a form: save, throw away, and what became of it.
export function SaveBar<V extends Values>({ editor }: { editor: Editor<V> }) {
  return (
    <div className="save-bar" data-dirty={editor.dirty || undefined}>
      <p role="status">
        {editor.busy
          ? 'Saving…'
          : editor.dirty
            ? 'Not saved yet.'
            : editor.saved
              ? 'Saved.'
              : ''}
      </p>
      <Button onClick={editor.reset} busy={!editor.dirty}>
        Discard
      </Button>
      <Button type="submit" kind="primary" busy={editor.busy || !editor.dirty}>
        Save
      </Button>
    </div>
  );
}
