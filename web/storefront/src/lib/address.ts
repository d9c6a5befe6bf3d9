// An address while it is being written. Pure.

import type { Address } from 'securecart-client';

import { text } from '../text';
import { provinces } from './provinces';

export const addressFields = [
  'name',
  'company',
  'line1',
  'line2',
  'postal_code',
  'city',
  'province',
  'country',
  'phone',
] as const;
export type AddressField = (typeof addressFields)[number];
export type AddressDraft = Record<AddressField, string>;
export type AddressProblems = Partial<Record<AddressField, string>>;

export function draftOf(address: Address | null, country: string): AddressDraft {
  const draft = Object.fromEntries(
    addressFields.map((field) => [field, address?.[field] ?? '']),
  ) as AddressDraft;
  draft.country ||= country;
  return draft;
}

export function problemsOf(draft: AddressDraft): AddressProblems {
  const problems: AddressProblems = {};
  const required: AddressField[] = ['name', 'line1', 'postal_code', 'city', 'country'];
  if (draft.country in provinces) {
    required.push('province');
  }
  for (const field of required) {
    if (draft[field].trim() === '') {
      const label = field === 'province' ? text.address.state : text.address[field];
      problems[field] = text.problems.required(label);
    }
  }
  return problems;
}

export const isComplete = (draft: AddressDraft): boolean =>
  Object.keys(problemsOf(draft)).length === 0;

// What the API takes: no empty members where they may be left out.
export function addressOf(draft: AddressDraft): Address {
  const address: Address = {
    name: draft.name.trim(),
    line1: draft.line1.trim(),
    city: draft.city.trim(),
    postal_code: draft.postal_code.trim(),
    country: draft.country,
  };
  for (const field of ['company', 'line2', 'province', 'phone'] as const) {
    const value = draft[field].trim();
    if (value !== '') {
      address[field] = value;
    }
  }
  return address;
}

export function sameAddress(a: Address | null, b: Address | null): boolean {
  if (a === null || b === null) {
    return a === b;
  }
  return addressFields.every((field) => (a[field] ?? '') === (b[field] ?? ''));
}

// A person's idea of an e-mail address; the server has the last word.
export const looksLikeEmail = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text.trim());
