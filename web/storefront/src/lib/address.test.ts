import { describe, expect, it } from 'vitest';

import { addressOf, draftOf, isComplete, looksLikeEmail, problemsOf, sameAddress } from './address';

const ada = {
  name: 'Ada Lovelace',
  line1: 'Rietwal 14',
  city: 'Haarlem',
  postal_code: '2011 ZW',
  country: 'NL',
};

describe('an address being written', () => {
  it('begins in the country of the shop', () => {
    expect(draftOf(null, 'NL')).toMatchObject({ name: '', country: 'NL' });
  });

  it('goes to the server and back unchanged', () => {
    const draft = draftOf({ ...ada, line2: null, phone: null }, 'DE');
    expect(isComplete(draft)).toBe(true);
    expect(addressOf(draft)).toEqual(ada);
    expect(sameAddress(addressOf(draft), { ...ada, company: null })).toBe(true);
  });

  it('names what is missing', () => {
    const problems = problemsOf(draftOf({ ...ada, city: ' ', name: '' }, 'NL'));
    expect(Object.keys(problems)).toEqual(['name', 'city']);
  });

  it('needs a state where carriers and taxes do', () => {
    expect(problemsOf(draftOf({ ...ada, country: 'US' }, 'NL'))).toHaveProperty('province');
    expect(isComplete(draftOf({ ...ada, country: 'US', province: 'NY' }, 'NL'))).toBe(true);
  });
});

describe('looksLikeEmail', () => {
  it.each(['ada@example.com', ' a.b+c@d.co '])('takes %s', (email) => {
    expect(looksLikeEmail(email)).toBe(true);
  });
  it.each(['', 'ada', 'ada@', '@x.de', 'ada@example', 'a b@c.de', 'a@b.'])('refuses %s', (email) => {
    expect(looksLikeEmail(email)).toBe(false);
  });
});
