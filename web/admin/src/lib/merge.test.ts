import { describe, expect, it } from 'vitest';

import { changesOf, merge } from './merge';

const base = { title: 'Tea', vendor: 'Wren', tags: ['a'] };

describe('merge', () => {
  it('keeps what each of two changed alone', () => {
    const result = merge(base, { ...base, title: 'Green tea' }, { ...base, vendor: 'Heron' });
    expect(result.merged).toEqual({ title: 'Green tea', vendor: 'Heron', tags: ['a'] });
    expect(result.conflicts).toEqual([]);
    expect(result.taken).toEqual(['vendor']);
  });

  it('asks about what both changed', () => {
    const result = merge(base, { ...base, title: 'Green tea' }, { ...base, title: 'Black tea' });
    expect(result.conflicts).toEqual([{ field: 'title', mine: 'Green tea', theirs: 'Black tea' }]);
  });

  it('does not ask when both made the same change', () => {
    const change = { ...base, tags: ['a', 'b'] };
    expect(merge(base, change, { ...base, tags: ['a', 'b'] }).conflicts).toEqual([]);
  });
});

describe('changesOf', () => {
  it('names what differs and nothing else', () => {
    expect(changesOf(base, { ...base, tags: ['a', 'b'] })).toEqual({ tags: ['a', 'b'] });
    expect(changesOf(base, { ...base })).toEqual({});
  });
});
