import type { AddressDraft, AddressField, AddressProblems } from '../lib/address';
import { provinces } from '../lib/provinces';
import { useShop } from '../lib/shop';
import { countryName } from '../lib/words';
import { locale, text } from '../text';
import { Field, TextField } from './basics';

const complete: Record<AddressField, string> = {
  name: 'name',
  company: 'organization',
  line1: 'address-line1',
  line2: 'address-line2',
  postal_code: 'postal-code',
  city: 'address-level2',
  province: 'address-level1',
  country: 'country',
  phone: 'tel',
};

export function AddressForm({
  kind,
  draft,
  problems,
  onChange,
}: {
  kind: 'shipping' | 'billing';
  draft: AddressDraft;
  problems: AddressProblems;
  onChange: (draft: AddressDraft) => void;
}) {
  const shop = useShop();
  const set = (field: AddressField, value: string) =>
    onChange({ ...draft, [field]: value, ...(field === 'country' ? { province: '' } : {}) });
  const input = (field: AddressField, optional = false, className = '') => (
    <TextField
      label={text.address[field]}
      optional={optional}
      className={className}
      name={`${kind}-${field}`}
      autoComplete={`${kind} ${complete[field]}`}
      value={draft[field]}
      maxLength={field === 'postal_code' ? 32 : field === 'phone' ? 64 : 255}
      problem={problems[field]}
      type={field === 'phone' ? 'tel' : 'text'}
      onChange={(event) => set(field, event.target.value)}
    />
  );
  const states = provinces[draft.country];
  const countries = [...shop.countries].sort((a, b) =>
    countryName(a).localeCompare(countryName(b), locale()),
  );
  return (
    <div className="fields">
      <Field label={text.address.country} problem={problems.country}>
        {({ id, describedBy, invalid }) => (
          <select
            id={id}
            name={`${kind}-country`}
            autoComplete={`${kind} country`}
            aria-describedby={describedBy}
            aria-invalid={invalid || undefined}
            value={draft.country}
            onChange={(event) => set('country', event.target.value)}
          >
            {countries.map((code) => (
              <option key={code} value={code}>
                {countryName(code)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {input('name')}
      {input('line1')}
      {input('line2', true)}
      {input('postal_code', false, 'field-third')}
      {input('city', false, 'field-two-thirds')}
      {states !== undefined && (
        <Field label={text.address.state} problem={problems.province}>
          {({ id, describedBy, invalid }) => (
            <select
              id={id}
              name={`${kind}-province`}
              autoComplete={`${kind} address-level1`}
              aria-describedby={describedBy}
              aria-invalid={invalid || undefined}
              value={draft.province}
              onChange={(event) => set('province', event.target.value)}
            >
              <option value="">{text.address.choose}</option>
              {states.map(([code, name]) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {input('company', true, 'field-half')}
      {input('phone', true, 'field-half')}
    </div>
  );
}

export function AddressLines({ address }: { address: import('securecart-client').Address }) {
  const lines = [
    address.name,
    address.company,
    address.line1,
    address.line2,
    `${address.postal_code} ${address.city}`,
    [address.province, countryName(address.country)].filter(Boolean).join(', '),
  ];
  return (
    <address>
      {lines
        .filter((line): line is string => typeof line === 'string' && line !== '')
        .map((line) => (
          <span key={line}>{line}</span>
        ))}
    </address>
  );
}
