// Today at a glance: what was sold, what waits for somebody.

import { useState } from 'react';
import type { SalesReport } from 'securecart-client';
import { useQuery } from 'securecart-kit/query';
import { Link } from 'securecart-kit/router';

import { admin } from '../api';
import { Loaded, PageHead, Panel, SelectField, Table } from '../components/basics';
import { Plot } from '../components/plot';
import { money } from '../lib/format';
import { currenciesOf, dayMs, hourMs, midnight, series, sumOf } from '../lib/sales';
import { useShop } from '../lib/shop';

const days = 30;
const most = 100;

interface Today {
  hours: SalesReport; // of yesterday and today
  month: SalesReport;
  products: SalesReport; // today's alone
  toSend: number;
  held: number;
  unpaid: number;
  midnight: number;
}

async function readToday(): Promise<Today> {
  const start = midnight(Date.now());
  const end = start + dayMs;
  const [hours, month, products, toSend, held, unpaid] = await Promise.all([
    admin.getSales({ from: start - dayMs, until: end }),
    admin.getSales({ from: end - days * dayMs, until: end, interval: 'day' }),
    admin.getSales({ from: start, until: end, interval: 'day' }),
    admin.listOrders({
      status: 'placed',
      payment_status: 'paid',
      fulfilment_status: 'unfulfilled',
      limit: most,
    }),
    admin.listReviews({ status: 'held', limit: most }),
    admin.listOrders({ status: 'placed', payment_status: 'pending', limit: most }),
  ]);
  return {
    hours,
    month,
    products,
    toSend: toSend.items.length,
    held: held.items.length,
    unpaid: unpaid.items.length,
    midnight: start,
  };
}

export function HomePage() {
  const today = useQuery('today', readToday);
  return (
    <>
      <PageHead title="Today" />
      <Loaded of={today}>{(data) => <Glance today={data} />}</Loaded>
    </>
  );
}

function Glance({ today }: { today: Today }) {
  const { shop } = useShop();
  const currencies = currenciesOf(today.month.items, shop.default_currency);
  const [chosen, setChosen] = useState(shop.default_currency);
  const currency = currencies.includes(chosen) ? chosen : shop.default_currency;
  const since = (from: number, until: number) =>
    sumOf(
      today.hours.items.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) < until),
      currency,
    );
  const sold = since(today.midnight, today.midnight + dayMs);
  const before = since(today.midnight - dayMs, today.midnight);
  const yesterday = (text: string) => `${text} yesterday`;
  return (
    <>
      {currencies.length > 1 && (
        <SelectField
          label="Currency"
          className="field-inline"
          value={currency}
          choices={currencies.map((one) => [one, one] as const)}
          onText={setChosen}
        />
      )}
      <ul className="tiles">
        <Tile name="Sold" value={money(sold.total, currency)} note={yesterday(money(before.total, currency))} />
        <Tile name="Orders" value={String(sold.orders)} note={yesterday(String(before.orders))} />
        <Tile
          name="An order on average"
          value={sold.orders === 0 ? '–' : money(Math.round(sold.total / sold.orders), currency)}
          note={yesterday(
            before.orders === 0 ? '–' : money(Math.round(before.total / before.orders), currency),
          )}
        />
        <Tile
          name="Given back"
          value={money(sold.refunded, currency)}
          note={yesterday(money(before.refunded, currency))}
        />
      </ul>
      <Todo today={today} />
      <div className="columns">
        <Panel title="By the hour">
          <Hours today={today} currency={currency} />
        </Panel>
        <Panel title={`The last ${days} days`}>
          <Days today={today} currency={currency} />
        </Panel>
      </div>
      <Panel title="What sold best today">
        <Table
          label="What sold best today"
          items={today.products.products}
          keyOf={(product) => product.product_id + product.currency}
          empty="Nothing was sold yet today."
          columns={[
            {
              name: 'Product',
              cell: ({ product_id, title }) => (
                <Link to={`/admin/products/${product_id}`}>{title}</Link>
              ),
            },
            { name: 'Units', numeric: true, cell: ({ quantity }) => quantity },
            { name: 'Sold for', numeric: true, cell: (one) => money(one.total, one.currency) },
          ]}
        />
      </Panel>
    </>
  );
}

function Tile({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <li className="tile">
      <p className="tile-name">{name}</p>
      <p className="tile-value">{value}</p>
      <p className="soft">{note}</p>
    </li>
  );
}

function Todo({ today }: { today: Today }) {
  const say = (n: number, one: string, many: string) =>
    `${n === most ? `${most} or more` : n} ${n === 1 ? one : many}`;
  const tasks = [
    {
      n: today.toSend,
      to: '/admin/orders?status=placed&payment_status=paid&fulfilment_status=unfulfilled',
      text: say(today.toSend, 'paid order waits to be sent', 'paid orders wait to be sent'),
    },
    {
      n: today.held,
      to: '/admin/reviews',
      text: say(today.held, 'order is held for a decision', 'orders are held for a decision'),
    },
    {
      n: today.unpaid,
      to: '/admin/orders?status=placed&payment_status=pending',
      text: say(today.unpaid, 'payment is on its way', 'payments are on their way'),
    },
  ].filter(({ n }) => n > 0);
  return tasks.length === 0 ? (
    <p className="todo-none">Nothing waits for you.</p>
  ) : (
    <ul className="todo">
      {tasks.map(({ to, text }) => (
        <li key={to}>
          <Link to={to}>{text}</Link>
        </li>
      ))}
    </ul>
  );
}

const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const shortDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

function Hours({ today, currency }: { today: Today; currency: string }) {
  const { hours, midnight: start } = today;
  const now = Math.floor((Date.now() - start) / hourMs);
  return (
    <Plot
      label={`Sales by the hour, today and yesterday, in ${currency}`}
      times={Array.from({ length: 24 }, (_, i) => (start + i * hourMs) / 1000)}
      series={[
        {
          name: 'Yesterday',
          values: series(hours.items, currency, start - dayMs, hourMs, 24),
          kind: 'line',
          strong: false,
        },
        {
          name: 'Today',
          // The hours to come are not zero, they are unknown.
          values: series(hours.items, currency, start, hourMs, 24).map((value, i) =>
            i > now ? null : value,
          ),
          kind: 'bars',
          strong: true,
        },
      ]}
      sayTime={(seconds) => hour.format(seconds * 1000)}
      sayValue={(value) => money(value, currency)}
    />
  );
}

function Days({ today, currency }: { today: Today; currency: string }) {
  const from = today.midnight + dayMs - days * dayMs;
  return (
    <Plot
      label={`Sales by day in ${currency}`}
      times={Array.from({ length: days }, (_, i) => (from + i * dayMs) / 1000)}
      series={[
        {
          name: 'Sold',
          values: series(today.month.items, currency, from, dayMs, days),
          kind: 'bars',
          strong: true,
        },
      ]}
      sayTime={(seconds) => shortDay.format(seconds * 1000)}
      sayValue={(value) => money(value, currency)}
    />
  );
}
