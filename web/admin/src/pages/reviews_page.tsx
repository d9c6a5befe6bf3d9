import { useState } from 'react';
import { Link } from 'securecart-kit/router';

import { admin } from '../api';
import { Badge, ListTable, Moment, PageHead, SelectField } from '../components/basics';
import { money, words } from '../lib/format';
import { useList } from '../lib/list';

const states = ['held', 'released', 'cancelled'] as const;

// Orders that the shop's functions want a person to look at.
export function ReviewsPage() {
  const [status, setStatus] = useState<(typeof states)[number]>('held');
  const list = useList(`reviews ${status}`, (cursor) =>
    admin.listReviews({ status, cursor, limit: 50 }),
  );
  return (
    <>
      <PageHead title="Held orders" />
      <p className="soft">
        Orders that a function of the shop doubts. Nothing of them is sent until somebody lets them go
        or cancels them.
      </p>
      <div className="tools">
        <SelectField
          label="State"
          value={status}
          choices={states.map((one) => [one, words(one)] as const)}
          onText={(value) => setStatus(value as (typeof states)[number])}
        />
      </div>
      <ListTable
        list={list}
        label="Held orders"
        keyOf={({ order_id }) => order_id}
        empty={status === 'held' ? 'No order is held.' : 'There is none.'}
        columns={[
          {
            name: 'Order',
            cell: ({ order_id, number }) => <Link to={`/admin/orders/${order_id}`}>{number}</Link>,
          },
          { name: 'Since', cell: ({ created_at }) => <Moment at={created_at} /> },
          { name: 'State', cell: (one) => <Badge state={one.status} /> },
          {
            name: 'Why',
            cell: ({ flags }) =>
              flags.map((flag) => `${flag.function}: ${flag.reasons.join('; ') || words(flag.outcome)}`).join(' · '),
          },
          { name: 'Total', numeric: true, cell: (one) => money(one.total, one.currency) },
        ]}
      />
    </>
  );
}
