// An order as it goes its way. The page asks the server again and again (304 while nothing changes),
// so what it says is true without a reload.

import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import {
  isPassing,
  Problem,
  type Order,
  type OrderHistoryEntry,
  type OrderLine,
} from 'securecart-client';

import { cancelOrder, getReceipt, payAgain, readOrder } from '../api/store';
import { AddressLines } from '../components/address_form';
import {
  Button,
  ButtonLink,
  Dialog,
  LoadFailure,
  Notice,
  Skeleton,
  VariantName,
} from '../components/basics';
import { AlertIcon, CheckIcon, ClockIcon, CloseIcon } from '../components/icons';
import { firstCard, TestCards } from '../components/test_cards';
import { Totals } from '../components/totals';
import { sameAddress } from '../lib/address';
import { beginAttempt, endAttempt } from '../lib/attempts';
import { keepOrder, orderToken, placedOrder } from '../lib/guest_orders';
import { money } from '../lib/money';
import {
  canCancel,
  declineReason,
  longWaitMs,
  pollPauseMs,
  stateOf,
  toneOf,
  type Tone,
} from '../lib/order_state';
import { usePageTitle } from '../lib/page';
import { orderSeen } from '../lib/placing';
import { explain, sayDay, sayMoment } from '../lib/words';
import { text } from '../text';

const seenAfterMs = 2_000;

// A private link carries the order's secret behind the '#', which browsers keep to themselves.
function takeTokenFromLink(id: string): string | null {
  const token = location.hash.slice(1);
  if (/^ot_[\w-]+$/.test(token)) {
    keepOrder({ id, token, number: '', placed_at: new Date().toISOString() });
    history.replaceState(null, '', location.pathname);
    return token;
  }
  return orderToken(id);
}

interface Following {
  order: Order | null;
  error: unknown; // of the last reading
  now: number; // when it was last looked at, for words that depend on time
  show: (order: Order) => void; // the answer of a change
  again: () => void;
}

function useOrder(id: string, token: string | null): Following {
  const [order, setOrder] = useState<Order | null>(() => placedOrder(id));
  const [error, setError] = useState<unknown>(null);
  const [now, setNow] = useState(Date.now());
  const [turn, setTurn] = useState(0);
  const etag = useRef<string | null>(null);
  const latest = useRef<Order | null>(order);

  const take = useCallback((next: Order) => {
    // Answers may overtake each other; a version never goes back.
    if (latest.current === null || next.version >= latest.current.version) {
      latest.current = next;
      setOrder(next);
    }
  }, []);
  const show = useCallback(
    (next: Order) => {
      etag.current = null;
      take(next);
      setTurn((n) => n + 1);
    },
    [take],
  );

  useEffect(() => {
    const stopped = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    const look = async () => {
      try {
        const read = await readOrder(id, token, etag.current, stopped.signal);
        failures = 0;
        setError(null);
        if (read !== null) {
          etag.current = read.etag;
          take(read.order);
        }
      } catch (failure) {
        if (stopped.signal.aborted) {
          return;
        }
        failures += 1;
        setError(failure);
        if (!isPassing(failure)) {
          return;
        }
      }
      setNow(Date.now());
      const pause = latest.current === null ? 1_000 : pollPauseMs(latest.current);
      timer = setTimeout(() => void look(), Math.min(pause * 2 ** Math.min(failures, 2), 60_000));
    };
    void look();
    // Whoever comes back to the tab, from the bank for instance, sees the state of now.
    const onReturn = () => {
      if (document.visibilityState === 'visible') {
        clearTimeout(timer);
        void look();
      }
    };
    document.addEventListener('visibilitychange', onReturn);
    return () => {
      stopped.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onReturn);
    };
  }, [id, token, turn, take]);
  return { order, error, now, show, again: () => setTurn((n) => n + 1) };
}

export function OrderPage({ id }: { id: string }) {
  const [token] = useState(() => takeTokenFromLink(id));
  const following = useOrder(id, token);
  // A page that is being left or loaded anew was not seen, although it was drawn for an instant.
  useEffect(() => {
    const timer = setTimeout(() => orderSeen(id), seenAfterMs);
    return () => clearTimeout(timer);
  }, [id]);
  const { order, error } = following;
  usePageTitle(order === null ? text.order.number : text.order.title(order.number));
  if (order !== null) {
    return <Loaded following={following} order={order} token={token} />;
  }
  if (error instanceof Problem && [401, 403, 404].includes(error.status)) {
    return (
      <div className="page page-narrow centred">
        <h1>{text.order.unknownTitle}</h1>
        <p className="lead">{text.order.unknown}</p>
        <p className="buttons">
          <ButtonLink to={`/account?next=orders/${id}`}>{text.order.signIn}</ButtonLink>
          <ButtonLink to="/" kind="quiet">
            {text.notFound.home}
          </ButtonLink>
        </p>
      </div>
    );
  }
  if (error !== null) {
    return (
      <div className="page">
        <LoadFailure error={error} retry={following.again} />
      </div>
    );
  }
  return (
    <div className="page page-waiting" role="status" aria-label={text.loading}>
      <Skeleton className="skeleton-title" />
      <Skeleton className="skeleton-block" />
    </div>
  );
}

function Loaded({
  following,
  order,
  token,
}: {
  following: Following;
  order: Order;
  token: string | null;
}) {
  return (
    <div className="page order" data-payment={order.payment_status} data-status={order.status}>
      <header className="order-head">
        <p className="eyebrow">
          {text.order.title(order.number)}
          <span className="soft"> · {text.order.placed(sayDay(order.placed_at))}</span>
        </p>
        <Status following={following} order={order} token={token} />
      </header>
      <div className="with-aside">
        <div className="order-main">
          <section aria-labelledby="order-items">
            <h2 id="order-items">{text.order.items}</h2>
            <Lines order={order} />
            <div className="order-sums">
              <Totals
                totals={order.totals}
                discounts={order.discounts}
                currency={order.currency}
                refunded={order.totals.refunded}
              />
            </div>
          </section>
          <Parcels order={order} />
        </div>
        <aside className="panel order-aside">
          <Timeline order={order} />
          <Places order={order} />
          <Actions following={following} order={order} token={token} />
        </aside>
      </div>
    </div>
  );
}

const toneIcons: Record<Tone, ReactNode> = {
  good: <CheckIcon />,
  waiting: <ClockIcon />,
  attention: <AlertIcon />,
  ended: <CloseIcon />,
};

function Status({
  following,
  order,
  token,
}: {
  following: Following;
  order: Order;
  token: string | null;
}) {
  const state = stateOf(order, following.now);
  const words = text.order.state[state];
  const tone = toneOf(state);
  const { payment } = order;
  // The words grow more patient although nothing new arrives.
  const [, setTick] = useState(0);
  useEffect(() => {
    if (state !== 'pending') {
      return undefined;
    }
    const timer = setTimeout(() => setTick((n) => n + 1), longWaitMs);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <div className={`status status-${tone}`} data-state={state}>
      <span className="status-icon">{toneIcons[tone]}</span>
      <div className="status-words">
        <div role="status" aria-live="polite">
          <h1>{words.title}</h1>
          <p>
            {state === 'declined' && `${declineReason(payment?.failure ?? '')} `}
            {words.body}
          </p>
        </div>
        {state === 'requires_action' && payment?.action_url && (
          <p className="buttons">
            <a className="button button-primary" href={payment.action_url}>
              {text.order.confirm}
            </a>
          </p>
        )}
        {state === 'declined' && <PayAgain order={order} token={token} show={following.show} />}
        {tone !== 'ended' && (
          <p className="soft small">
            {text.order.confirmationTo} {order.email}
          </p>
        )}
        {following.error !== null && <Notice kind="info">{text.order.stale}</Notice>}
      </div>
    </div>
  );
}

// Does `work` once under a key that survives a reload (lib/attempts.ts).
async function once<Body>(
  purpose: string,
  body: Body,
  work: (key: string) => Promise<Order>,
): Promise<Order> {
  const attempt = beginAttempt(purpose, body);
  try {
    const order = await work(attempt.key);
    endAttempt(purpose);
    return order;
  } catch (error) {
    if (!isPassing(error)) {
      endAttempt(purpose);
    }
    throw error;
  }
}

function failureOf(error: unknown): string {
  return error instanceof Problem && error.code === 'order_state'
    ? text.order.notAllowed
    : explain(error);
}

function PayAgain({
  order,
  token,
  show,
}: {
  order: Order;
  token: string | null;
  show: (order: Order) => void;
}) {
  const [method, setMethod] = useState<string>(firstCard);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const pay = async () => {
    setBusy(true);
    setFailure(null);
    const payment = { provider: 'test', method } as const;
    const purpose = `pay.${order.id}.${order.payment?.attempt ?? 0}`;
    try {
      show(await once(purpose, payment, (key) => payAgain(order.id, token, payment, key)));
    } catch (error) {
      setFailure(failureOf(error));
      setBusy(false);
    }
  };
  return (
    <div className="pay-again">
      <h2>{text.order.payAgain}</h2>
      <TestCards value={method} onChange={setMethod} />
      {failure !== null && <Notice kind="problem">{failure}</Notice>}
      <Button busy={busy} onClick={() => void pay()}>
        {busy ? text.order.paying : text.order.pay(money(order.totals.total, order.currency))}
      </Button>
    </div>
  );
}

function Lines({ order }: { order: Order }) {
  return (
    <ul className="lines">
      {order.lines.map((line) => (
        <li className="line line-still" key={line.id}>
          <span className="line-picture">
            {line.image !== null && <img src={line.image} alt="" width={96} height={96} />}
          </span>
          <div className="line-words">
            <span className="line-title">{line.title}</span>
            <VariantName title={line.variant_title} />
            <span className="line-each">
              {line.quantity} × {money(line.unit_price, order.currency)}
            </span>
            <Sent line={line} />
          </div>
          <span className="line-total">{money(line.total, order.currency)}</span>
        </li>
      ))}
    </ul>
  );
}

function Sent({ line }: { line: OrderLine }) {
  return line.fulfilled === 0 ? null : (
    <span className="badge badge-inline">{text.order.shipped(line.fulfilled, line.quantity)}</span>
  );
}

function Parcels({ order }: { order: Order }) {
  if (order.fulfilments.length === 0) {
    return null;
  }
  return (
    <section className="parcels">
      {order.fulfilments.map((parcel, i) => (
        <div className="parcel" key={parcel.id}>
          <h3>{text.order.parcel(i + 1)}</h3>
          <p>
            {text.order.tracking(parcel.carrier, parcel.tracking_number)}{' '}
            <span className="soft">{sayMoment(parcel.at)}</span>
          </p>
          {/^https?:\/\//.test(parcel.tracking_url) && (
            <a href={parcel.tracking_url} target="_blank" rel="noreferrer">
              {text.order.track}
            </a>
          )}
        </div>
      ))}
    </section>
  );
}

function Timeline({ order }: { order: Order }) {
  const detail = (entry: OrderHistoryEntry): string => {
    const amount = entry.detail['amount'];
    return typeof amount === 'number' ? money(amount, order.currency) : '';
  };
  return (
    <section aria-labelledby="order-history">
      <h2 id="order-history">{text.order.history}</h2>
      <ol className="timeline">
        {order.history.map((entry, i) => (
          <li key={entry.kind + entry.at + String(i)} data-kind={entry.kind}>
            <span>
              {text.order.events[entry.kind] ?? entry.kind}
              {detail(entry) !== '' && <span className="soft"> {detail(entry)}</span>}
            </span>
            <time dateTime={entry.at}>{sayMoment(entry.at)}</time>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Places({ order }: { order: Order }) {
  return (
    <>
      {order.shipping_address !== null && (
        <section>
          <h2>{text.order.deliveryTo}</h2>
          <AddressLines address={order.shipping_address} />
          {order.shipping_method !== null && (
            <p className="soft">
              {text.order.shippedWith}: {order.shipping_method.name}
            </p>
          )}
        </section>
      )}
      {order.billing_address !== null && (
        <section>
          <h2>{text.order.billTo}</h2>
          {sameAddress(order.billing_address, order.shipping_address) ? (
            <p>{text.order.sameAddress}</p>
          ) : (
            <AddressLines address={order.billing_address} />
          )}
        </section>
      )}
    </>
  );
}

function download(name: string, content: object): void {
  const file = new Blob([JSON.stringify(content)], { type: 'application/json' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Actions({
  following,
  order,
  token,
}: {
  following: Following;
  order: Order;
  token: string | null;
}) {
  const [failure, setFailure] = useState<string | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const [cancelling, setCancelling] = useState(false);

  const act = async (work: () => Promise<void>) => {
    setFailure(null);
    setDone(null);
    try {
      await work();
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  const receipt = () =>
    act(async () => download(`receipt-${order.number}.json`, await getReceipt(order.id, token)));
  const copy = () =>
    act(async () => {
      await navigator.clipboard.writeText(`${location.origin}/orders/${order.id}#${token ?? ''}`);
      setDone(text.order.copied);
    });
  const cancel = async () => {
    setCancelling(true);
    await act(async () => {
      const purpose = `cancel.${order.id}`;
      following.show(await once(purpose, {}, (key) => cancelOrder(order.id, token, key)));
    });
    setCancelling(false);
    setAsking(false);
  };
  return (
    <section className="order-actions">
      <Button kind="quiet" onClick={() => void receipt()}>
        {text.order.receipt}
      </Button>
      <p className="soft small">{text.order.receiptHint}</p>
      {token !== null && 'clipboard' in navigator && (
        <Button kind="link" onClick={() => void copy()}>
          {text.order.copyLink}
        </Button>
      )}
      {canCancel(order) && (
        <Button kind="link" onClick={() => setAsking(true)}>
          {text.order.cancel}
        </Button>
      )}
      <div role="status">
        {done !== null && <p className="small">{done}</p>}
        {failure !== null && <Notice kind="problem">{failure}</Notice>}
      </div>
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        label={text.order.cancelAsk}
        className="ask"
      >
        <h2>{text.order.cancelAsk}</h2>
        <p>{text.order.cancelAskBody}</p>
        <p className="buttons">
          <Button kind="quiet" onClick={() => setAsking(false)}>
            {text.order.cancelNo}
          </Button>
          <Button busy={cancelling} onClick={() => void cancel()}>
            {cancelling ? text.order.cancelling : text.order.cancelYes}
          </Button>
        </p>
      </Dialog>
    </section>
  );
}
