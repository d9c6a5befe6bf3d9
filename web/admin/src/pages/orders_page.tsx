import { useState, type FormEvent } from 'react';
import type { OrderSummary } from 'securecart-client';
import { Link, navigate, usePlace } from 'securecart-kit/router';

import { admin } from '../api';
import {
  Badge,
  Button,
  ListTable,
  Moment,
  PageHead,
  SelectField,
  TextField,
  type Column,
} from '../components/basics';
import { money, words } from '../lib/format';
import { useList } from '../lib/list';

export const orderColumns: Column<OrderSummary>[] = [
  {
    name: 'Order',
    cell: ({ id, number }) => (
      <Link to={`/admin/orders/${id}`} className="strong">
        {number}
      </Link>
    ),
  },
  { name: 'Placed', cell: ({ placed_at }) => <Moment at={placed_at} /> },
  { name: 'Customer', cell: ({ email }) => email },
  { name: 'Payment', cell: ({ payment_status }) => <Badge state={payment_status} /> },
  {
    name: 'Delivery',
    cell: ({ status, fulfilment_status }) => (
      <Badge state={status === 'cancelled' ? 'cancelled' : fulfilment_status} />
    ),
  },
  { name: 'Total', numeric: true, cell: ({ total, currency }) => money(total, currency) },
];

const filters = {
  status: ['placed', 'completed', 'cancelled'],
  payment_status: [
    'pending',
    'requires_action',
    'paid',
    'declined',
    'partially_refunded',
    'refunded',
    'voided',
  ],
  fulfilment_status: ['unfulfilled', 'partially_fulfilled', 'fulfilled'],
} as const;

type Filters = { [Name in keyof typeof filters]?: (typeof filters)[Name][number] };

const labels = { status: 'Order', payment_status: 'Payment', fulfilment_status: 'Delivery' };

// The address of the page holds the search, so that it can be kept and shared.
function search(query: URLSearchParams, change: Record<string, string>): void {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    if (value === '') {
      next.delete(name);
    } else {
      next.set(name, value);
    }
  }
  const text = next.toString();
  navigate(`/admin/orders${text === '' ? '' : `?${text}`}`, { replace: true });
}

export function OrdersPage() {
  const { query } = usePlace();
  const asked = Object.fromEntries(
    (Object.keys(filters) as (keyof typeof filters)[])
      .filter((name) => (filters[name] as readonly string[]).includes(query.get(name) ?? ''))
      .map((name) => [name, query.get(name)]),
  ) as Filters;
  const q = query.get('q') ?? '';
  const list = useList(`orders ${q} ${JSON.stringify(asked)}`, (cursor) =>
    admin.listOrders({ ...asked, q, cursor, limit: 50 }),
  );
  return (
    <>
      <PageHead title="Orders" />
      <div className="tools">
        <SearchForm
          key={q}
          label="Order number or e-mail"
          value={q}
          onSearch={(text) => search(query, { q: text })}
        />
        {(Object.keys(filters) as (keyof typeof filters)[]).map((name) => (
          <SelectField
            key={name}
            label={labels[name]}
            value={asked[name] ?? ''}
            choices={[['', 'Any'], ...filters[name].map((one) => [one, words(one)] as const)]}
            onText={(value) => search(query, { [name]: value })}
          />
        ))}
      </div>
      <ListTable
        list={list}
        label="Orders"
        columns={orderColumns}
        keyOf={({ id }) => id}
        empty={q === '' && Object.keys(asked).length === 0 ? 'No orders yet.' : 'No order is like that.'}
      />
    </>
  );
}

export function SearchForm({
  label,
  value,
  onSearch,
}: {
  label: string;
  value: string;
  onSearch: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(text.trim());
  };
  return (
    <form className="search" role="search" onSubmit={submit}>
      <TextField label={label} type="search" value={text} onText={setText} />
      <Button type="submit">Search</Button>
    </form>
  );
}
