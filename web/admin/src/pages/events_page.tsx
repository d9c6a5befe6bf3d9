// What happened in the shop, the newest first, as it happens.

import { useCallback, useEffect, useRef, useState } from 'react';
import type { Event } from 'securecart-client';

import { admin } from '../api';
import { Button, Failure, Moment, PageHead, Table, Waiting } from '../components/basics';

const pageSize = 100;
const pollMs = 3_000;
const mostShown = 500;

// The log is read forwards only, so its end is found from its length.
async function readBefore(end: number): Promise<Event[]> {
  const events = await admin.listEvents({ after: Math.max(end - pageSize, 0), limit: pageSize });
  return events.items.filter(({ position }) => position <= end).reverse();
}

export function EventsPage() {
  const [events, setEvents] = useState<Event[] | null>(null);
  const [from, setFrom] = useState(0); // everything after this position was read
  const [error, setError] = useState<unknown>(null);
  const tail = useRef(0);

  const begin = useCallback(async () => {
    const { tail: end } = await admin.listEvents({ after: 0, limit: 1 });
    tail.current = end;
    setEvents(await readBefore(end));
    setFrom(Math.max(end - pageSize, 0));
  }, []);
  const follow = useCallback(async () => {
    const news = await admin.listEvents({ after: tail.current, limit: pageSize });
    tail.current = Math.max(tail.current, news.next_after);
    if (news.items.length > 0) {
      setEvents((known) => [...news.items.reverse(), ...(known ?? [])].slice(0, mostShown));
    }
    setError(null);
  }, []);

  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (failure) {
        if (current) {
          setError(failure);
        }
      }
      if (current) {
        timer = setTimeout(() => void turn(tail.current === 0 ? begin : follow), pollMs);
      }
    };
    void turn(begin);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [begin, follow]);

  const older = async () => {
    try {
      const more = await readBefore(from);
      setEvents((known) => [...(known ?? []), ...more]);
      setFrom(Math.max(from - pageSize, 0));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <PageHead title="Event log" />
      <p className="soft">
        Every change of the shop, in the order it was written. Positions rise and never change;
        programs read the same at <code>/v1/events</code>.
      </p>
      <Failure error={error} />
      {events === null ? (
        error === null && <Waiting />
      ) : (
        <Table
          label="Events"
          items={events}
          keyOf={({ position }) => String(position)}
          empty="Nothing happened yet."
          columns={[
            { name: 'Position', numeric: true, cell: ({ position }) => position },
            { name: 'When', cell: ({ at }) => <Moment at={at} /> },
            { name: 'What', cell: ({ type }) => <code>{type}</code> },
            { name: 'Of', cell: ({ subject }) => <code>{subject}</code> },
            {
              name: 'Payload',
              cell: ({ payload, position }) => (
                <details>
                  <summary aria-label={`Show payload of ${position}`}>Show</summary>
                  <pre>{JSON.stringify(payload, null, 2)}</pre>
                </details>
              ),
            },
          ]}
        />
      )}
      {from > 0 && (
        <p className="more">
          <Button onClick={() => void older()}>Show older ones</Button>
        </p>
      )}
    </>
  );
}
