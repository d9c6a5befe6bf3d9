import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { Problem } from 'securecart-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { useEditor, type Editor } from './editor';

interface Thing {
  title: string;
  vendor: string;
  version: number;
}

type Words = { title: string; vendor: string };

// A server with one thing that two people change.
class Server {
  thing: Thing = { title: 'Tea', vendor: 'Wren', version: 1 };
  readonly sent: Partial<Words>[] = [];

  readonly save = (body: Partial<Words>, version: number): Promise<Thing> => {
    this.sent.push(body);
    if (version !== this.thing.version) {
      return Promise.reject(new Problem(412, 'version_conflict', '', false));
    }
    return Promise.resolve(this.change(body));
  };
  readonly reread = (): Promise<Thing> => Promise.resolve(this.thing);

  change(body: Partial<Words>): Thing {
    this.thing = { ...this.thing, ...body, version: this.thing.version + 1 };
    return this.thing;
  }
}

let server: Server;
let editor: Editor<Words>;
let root: Root;
let first: Thing;

function Form() {
  editor = useEditor({
    entity: first,
    values: ({ title, vendor }: Thing) => ({ title, vendor }),
    save: server.save,
    reread: server.reread,
    onSaved: () => undefined,
  });
  return null;
}

beforeEach(async () => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  server = new Server();
  first = server.thing;
  root = createRoot(document.createElement('div'));
  await act(async () => root.render(<Form />));
});

afterEach(() => act(async () => root.unmount()));

const type = (change: Partial<Words>) => act(async () => editor.set(change));
const save = () => act(async () => void (await editor.save()));

describe('an editor', () => {
  it('sends what was changed and nothing else', async () => {
    await type({ title: 'Green tea' });
    expect(editor.dirty).toBe(true);
    await save();
    expect(server.sent).toEqual([{ title: 'Green tea' }]);
    expect(editor.dirty).toBe(false);
    expect(editor.saved).toBe(true);
  });

  it('asks when both changed the same, and saves over the newer version', async () => {
    server.change({ title: 'Black tea' });
    await type({ title: 'Green tea' });
    await save();
    expect(editor.conflict?.conflicts).toEqual([
      { field: 'title', mine: 'Green tea', theirs: 'Black tea' },
    ]);
    expect(server.thing.title).toBe('Black tea');
    await act(async () => void (await editor.resolve([])));
    expect(server.thing).toMatchObject({ title: 'Green tea', version: 3 });
    expect(editor.conflict).toBeNull();
  });

  it('keeps what the other alone changed', async () => {
    server.change({ vendor: 'Heron' });
    await type({ title: 'Green tea' });
    await save();
    expect(editor.conflict).toMatchObject({ conflicts: [], taken: ['vendor'] });
    await act(async () => void (await editor.resolve([])));
    expect(server.thing).toMatchObject({ title: 'Green tea', vendor: 'Heron' });
    expect(editor.draft).toEqual({ title: 'Green tea', vendor: 'Heron' });
  });

  it('sends nothing when the other’s value is taken', async () => {
    server.change({ title: 'Black tea' });
    await type({ title: 'Green tea' });
    await save();
    await act(async () => void (await editor.resolve(['title'])));
    expect(server.sent).toHaveLength(1);
    expect(editor.draft.title).toBe('Black tea');
    expect(editor.dirty).toBe(false);
  });

  it('goes back to what was read', async () => {
    await type({ title: 'Green tea' });
    await act(async () => editor.reset());
    expect(editor.draft.title).toBe('Tea');
  });
});
