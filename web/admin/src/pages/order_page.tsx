import { useState, type ReactNode } from 'react';
import type { Address, AdminOrder, OrderHistoryEntry, OrderLine } from 'securecart-client';
import { useQuery } from 'securecart-kit/query';
import { Link } from 'securecart-kit/router';

import { admin } from '../api';
import {
  ActionButton,
  Badge,
  Button,
  Check,
  FormDialog,
  Loaded,
  Moment,
  Notice,
  PageHead,
  Panel,
  Table,
  TextField,
} from '../components/basics';
import { countryName, money, moneyText, parseMoney, parseWhole, words } from '../lib/format';
import { useOnce } from '../lib/once';

export function OrderPage({ id }: { id: string }) {
  const order = useQuery(`order ${id}`, () => admin.getAdminOrder({ order_id: id }));
  return (
    <Loaded of={order}>{(data) => <Loading order={data} reload={order.reload} />}</Loaded>
  );
}

type Doing = 'send' | 'refund' | 'cancel' | null;

const left = (line: OrderLine) => line.quantity - line.fulfilled;
const refundable = (line: OrderLine) => line.quantity - line.refunded;

function Loading({ order, reload }: { order: AdminOrder; reload: () => Promise<void> }) {
  const [doing, setDoing] = useState<Doing>(null);
  const close = () => setDoing(null);
  const paid = order.captured_total > order.totals.refunded;
  const open = order.status === 'placed';
  const held = order.review?.status === 'held';
  const dialog = { order, onClose: close, reload };
  return (
    <>
      <PageHead
        title={`Order ${order.number}`}
        back={{ to: '/admin/orders', name: 'Orders' }}
        badges={
          <>
            <Badge state={order.status} /> <Badge state={order.payment_status} />{' '}
            <Badge state={order.fulfilment_status} /> <Moment at={order.placed_at} />
          </>
        }
      >
        {open && order.payment_status !== 'voided' && order.lines.some((line) => left(line) > 0) && (
          <Button kind="primary" onClick={() => setDoing('send')}>
            Send goods
          </Button>
        )}
        {paid && <Button onClick={() => setDoing('refund')}>Refund</Button>}
        {open && order.fulfilment_status === 'unfulfilled' && (
          <Button kind="danger" onClick={() => setDoing('cancel')}>
            Cancel order
          </Button>
        )}
      </PageHead>
      {held && <Held order={order} reload={reload} />}
      <div className="columns columns-wide">
        <div>
          <Panel title="What was ordered">
            <Lines order={order} />
            <Totals order={order} />
          </Panel>
          <Payments order={order} />
          <Ledger order={order} />
        </div>
        <div>
          <Panel title="Customer">
            <p>
              {order.customer_id === null ? (
                order.email
              ) : (
                <Link to={`/admin/customers/${order.customer_id}`}>{order.email}</Link>
              )}
            </p>
            <h3>Delivery</h3>
            <AddressLines address={order.shipping_address} />
            <p className="soft">{order.shipping_method?.name ?? 'Nothing needs to be sent.'}</p>
            <h3>Bill</h3>
            <AddressLines address={order.billing_address ?? order.shipping_address} />
          </Panel>
          <Panel title="What happened">
            <ol className="timeline">
              {order.history.map((entry, i) => (
                <li key={i}>
                  <span>
                    {words(entry.kind)} {amountIn(entry, order.currency)}
                  </span>
                  <Moment at={entry.at} />
                </li>
              ))}
            </ol>
          </Panel>
          {order.fulfilments.length > 0 && <Parcels order={order} />}
        </div>
      </div>
      {doing === 'send' && <SendDialog {...dialog} />}
      {doing === 'refund' && <RefundDialog {...dialog} />}
      {doing === 'cancel' && <CancelDialog {...dialog} />}
    </>
  );
}

function amountIn(entry: OrderHistoryEntry, currency: string): string {
  const amount = entry.detail['amount'];
  return typeof amount === 'number' ? money(amount, currency) : '';
}

function Held({ order, reload }: { order: AdminOrder; reload: () => Promise<void> }) {
  const once = useOnce();
  const release = () =>
    once((key) => admin.releaseOrder({ order_id: order.id, idempotency_key: key })).then(reload);
  return (
    <Notice kind="info" title="This order is held until somebody decides.">
      <ul>
        {order.review?.flags.map((flag) => (
          <li key={flag.function_id}>
            <Link to={`/admin/functions/${flag.function_id}`}>{flag.function}</Link>:{' '}
            {flag.reasons.join('; ') || words(flag.outcome)}
          </li>
        ))}
      </ul>
      <ActionButton kind="primary" run={release}>
        Let it go
      </ActionButton>
    </Notice>
  );
}

function Lines({ order }: { order: AdminOrder }) {
  return (
    <Table
      label="Lines of the order"
      items={order.lines}
      keyOf={({ id }) => id}
      empty="Nothing."
      columns={[
        {
          name: 'Product',
          cell: (line) => (
            <span className="with-picture">
              {line.image !== null && <img src={line.image} alt="" width={40} height={40} />}
              <span>
                <Link to={`/admin/products/${line.product_id}`}>{line.title}</Link>
                <span className="soft block">
                  {[variantName(line.variant_title), line.sku].filter(Boolean).join(' · ')}
                </span>
              </span>
            </span>
          ),
        },
        {
          name: 'Units',
          numeric: true,
          cell: (line) => (
            <>
              {line.quantity}
              {line.fulfilled > 0 && <span className="soft block">{line.fulfilled} sent</span>}
              {line.refunded > 0 && <span className="soft block">{line.refunded} refunded</span>}
            </>
          ),
        },
        { name: 'Each', numeric: true, cell: (line) => money(line.unit_price, order.currency) },
        { name: 'Total', numeric: true, cell: (line) => money(line.total, order.currency) },
      ]}
    />
  );
}

const variantName = (title: string) => (/^(default( title)?)?$/i.test(title) ? '' : title);

function Totals({ order }: { order: AdminOrder }) {
  const { totals, currency } = order;
  const rows: [ReactNode, number][] = [
    ['Subtotal', totals.subtotal],
    ...order.discounts.map(({ title, code, amount }): [ReactNode, number] => [
      code === '' ? title : `${title} (${code})`,
      -amount,
    ]),
    ['Shipping', totals.shipping],
    ...totals.tax_lines.map((tax): [ReactNode, number] => [
      totals.tax_included ? `Tax in it: ${tax.name}` : `Tax: ${tax.name}`,
      tax.amount,
    ]),
    [<strong key="total">Total</strong>, totals.total],
    ['Paid', order.captured_total],
  ];
  if (totals.refunded > 0) {
    rows.push(['Refunded', totals.refunded]);
  }
  return (
    <dl className="sums">
      {rows.map(([name, amount], i) => (
        <div key={i}>
          <dt>{name}</dt>
          <dd>{money(amount, currency)}</dd>
        </div>
      ))}
    </dl>
  );
}

function AddressLines({ address }: { address: Address | null }) {
  if (address === null) {
    return <p className="soft">No address.</p>;
  }
  const lines = [
    address.name,
    address.company,
    address.line1,
    address.line2,
    `${address.postal_code} ${address.city}`,
    [address.province, countryName(address.country)].filter(Boolean).join(', '),
    address.phone,
  ];
  return (
    <address>
      {lines.filter(Boolean).map((line, i) => (
        <span key={i} className="block">
          {line}
        </span>
      ))}
    </address>
  );
}

function Parcels({ order }: { order: AdminOrder }) {
  return (
    <Panel title="Parcels">
      <ul className="plain">
        {order.fulfilments.map((parcel) => (
          <li key={parcel.id}>
            <Moment at={parcel.at} />{' '}
            {[parcel.carrier, parcel.tracking_number].filter(Boolean).join(', ')}{' '}
            {/^https?:\/\//.test(parcel.tracking_url) && (
              <a href={parcel.tracking_url} target="_blank" rel="noreferrer">
                Track
              </a>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Payments({ order }: { order: AdminOrder }) {
  return (
    <Panel title="Payments and refunds">
      <Table
        label="Payments and refunds"
        items={[
          ...order.payments.map((one) => ({ ...one, what: 'Payment', note: one.method })),
          ...order.refunds.map((one) => ({
            ...one,
            what: 'Refund',
            note: one.reason,
            currency: order.currency,
          })),
        ]}
        keyOf={({ id }) => id}
        empty="No payment yet."
        columns={[
          { name: 'What', cell: ({ what }) => what },
          { name: 'When', cell: ({ created_at }) => <Moment at={created_at} /> },
          {
            name: 'State',
            cell: ({ status, failure }) => (
              <>
                <Badge state={status} /> <span className="soft">{failure}</span>
              </>
            ),
          },
          { name: 'Note', cell: ({ note }) => note },
          { name: 'Amount', numeric: true, cell: (one) => money(one.amount, one.currency) },
        ]}
      />
    </Panel>
  );
}

function Ledger({ order }: { order: AdminOrder }) {
  return (
    <details className="panel">
      <summary>Ledger entries ({order.transfers.length})</summary>
      <Table
        label="Ledger entries"
        items={order.transfers}
        keyOf={({ id }) => id}
        empty="None."
        columns={[
          { name: 'When', cell: ({ at }) => <Moment at={at} /> },
          { name: 'Debit', cell: ({ debit }) => debit },
          { name: 'Credit', cell: ({ credit }) => credit },
          { name: 'Amount', numeric: true, cell: (one) => money(one.amount, one.currency) },
        ]}
      />
    </details>
  );
}

interface DialogOf {
  order: AdminOrder;
  onClose: () => void;
  reload: () => Promise<void>;
}

// How many of each line, each between nothing and `most`.
function useQuantities(lines: OrderLine[], most: (line: OrderLine) => number, start: 'all' | 'none') {
  const [texts, setTexts] = useState<Record<string, string>>(
    Object.fromEntries(lines.map((line) => [line.id, start === 'all' ? String(most(line)) : '0'])),
  );
  const chosen = lines.map((line) => ({ line, quantity: parseWhole(texts[line.id] ?? '') }));
  return {
    fields: lines
      .filter((line) => most(line) > 0)
      .map((line) => {
        const quantity = parseWhole(texts[line.id] ?? '');
        const fits = quantity !== null && quantity >= 0 && quantity <= most(line);
        return (
          <TextField
            key={line.id}
            className="field-row"
            label={[line.title, variantName(line.variant_title)].filter(Boolean).join(', ')}
            inputMode="numeric"
            value={texts[line.id] ?? ''}
            hint={`of ${most(line)}`}
            problem={fits ? undefined : `From 0 to ${most(line)}, please`}
            onText={(text) => setTexts({ ...texts, [line.id]: text })}
          />
        );
      }),
    valid: chosen.every(
      ({ line, quantity }) => quantity !== null && quantity >= 0 && quantity <= most(line),
    ),
    lines: chosen.flatMap(({ line, quantity }) =>
      quantity !== null && quantity > 0 ? [{ line_id: line.id, quantity }] : [],
    ),
  };
}

function must(fits: boolean, message: string): void {
  if (!fits) {
    throw new Error(message);
  }
}

function SendDialog({ order, onClose, reload }: DialogOf) {
  const quantities = useQuantities(order.lines, left, 'all');
  const [carrier, setCarrier] = useState('');
  const [number, setNumber] = useState('');
  const [url, setUrl] = useState('');
  const once = useOnce();
  const run = async () => {
    must(quantities.valid && quantities.lines.length > 0, 'Choose what goes into the parcel.');
    await once((key) =>
      admin.createFulfilment({
        order_id: order.id,
        idempotency_key: key,
        body: {
          lines: quantities.lines,
          carrier: carrier.trim(),
          tracking_number: number.trim(),
          ...(url.trim() === '' ? {} : { tracking_url: url.trim() }),
        },
      }),
    );
    await reload();
  };
  return (
    <FormDialog title="Send goods" action="Mark as sent" run={run} onClose={onClose}>
      {quantities.fields}
      <TextField label="Carrier" value={carrier} onText={setCarrier} />
      <TextField label="Tracking number" value={number} onText={setNumber} />
      <TextField
        label="Address to follow the parcel"
        type="url"
        placeholder="https://"
        value={url}
        onText={setUrl}
      />
    </FormDialog>
  );
}

function RefundDialog({ order, onClose, reload }: DialogOf) {
  const rest = order.captured_total - order.totals.refunded;
  const quantities = useQuantities(order.lines, refundable, 'none');
  const [amount, setAmount] = useState('');
  const [restock, setRestock] = useState(true);
  const [reason, setReason] = useState('');
  const once = useOnce();
  const given = parseMoney(amount, order.currency);
  const wrong = amount !== '' && (given === null || given === 0 || given > rest);
  const run = async () => {
    must(quantities.valid && !wrong, 'Something in the form is not right yet.');
    must(quantities.lines.length > 0 || given !== null, 'Choose units or an amount.');
    await once((key) =>
      admin.createRefund({
        order_id: order.id,
        idempotency_key: key,
        body: {
          ...(quantities.lines.length > 0 ? { lines: quantities.lines, restock } : {}),
          ...(given === null ? {} : { amount: given }),
          reason: reason.trim(),
        },
      }),
    );
    await reload();
  };
  return (
    <FormDialog title="Refund" action="Give the money back" danger run={run} onClose={onClose}>
      <p className="soft">
        {money(rest, order.currency)} of what was paid can be given back. Choose units, and their
        price follows; an amount of your own goes before it.
      </p>
      {quantities.fields}
      <TextField
        label={`Amount (${order.currency})`}
        inputMode="decimal"
        placeholder={moneyText(rest, order.currency)}
        value={amount}
        problem={wrong ? `An amount up to ${moneyText(rest, order.currency)}, please` : undefined}
        onText={setAmount}
      />
      <Check label="Put these units back on sale" checked={restock} onCheck={setRestock} />
      <TextField label="Reason" value={reason} onText={setReason} />
    </FormDialog>
  );
}

function CancelDialog({ order, onClose, reload }: DialogOf) {
  const [reason, setReason] = useState('');
  const once = useOnce();
  const run = async () => {
    await once((key) =>
      admin.cancelOrder({
        order_id: order.id,
        idempotency_key: key,
        body: { reason: reason.trim() },
      }),
    );
    await reload();
  };
  return (
    <FormDialog title="Cancel this order?" action="Cancel the order" danger run={run} onClose={onClose}>
      <p>What was paid is refunded, and what was set aside is on sale again.</p>
      <TextField label="Reason" value={reason} onText={setReason} />
    </FormDialog>
  );
}
