// What there is, where it is, and how it came and went.

import { useState } from 'react';
import type { Location, StockLevel } from 'securecart-client';
import { forgetQueries, useQuery } from 'securecart-kit/query';
import { Link, navigate, usePlace } from 'securecart-kit/router';

import { admin } from '../api';
import {
  Button,
  FormDialog,
  ListTable,
  Loaded,
  Moment,
  PageHead,
  Panel,
  SelectField,
  Table,
  TextField,
  type Column,
} from '../components/basics';
import { parseWhole, words } from '../lib/format';
import { useList } from '../lib/list';
import { useOnce } from '../lib/once';
import { SearchForm } from './orders_page';

const useLocations = () => useQuery('locations', () => admin.listLocations());

const nameOf = (locations: Location[], id: string) =>
  locations.find((location) => location.id === id)?.name ?? id;

const levelColumns = (locations: Location[]): Column<StockLevel>[] => [
  { name: 'Location', cell: (level) => nameOf(locations, level.location_id) },
  { name: 'On hand', numeric: true, cell: (level) => level.on_hand },
  { name: 'Set aside', numeric: true, cell: (level) => level.reserved },
  {
    name: 'Can be sold',
    numeric: true,
    cell: (level) => <strong data-low={level.available <= 0 || undefined}>{level.available}</strong>,
  },
  { name: 'Promised beyond', numeric: true, cell: (level) => level.backordered },
];

export function StockPage() {
  const { query } = usePlace();
  const sku = query.get('sku') ?? '';
  const location = query.get('location') ?? '';
  const locations = useLocations();
  const [adding, setAdding] = useState(false);
  const list = useList(`stock ${sku} ${location}`, (cursor) =>
    admin.listStockLevels({ sku, location_id: location, cursor, limit: 50 }),
  );
  const go = (change: Record<string, string>) => {
    const next = new URLSearchParams({ sku, location, ...change });
    for (const [name, value] of [...next]) {
      if (value === '') {
        next.delete(name);
      }
    }
    navigate(`/admin/stock${next.size === 0 ? '' : `?${next.toString()}`}`, { replace: true });
  };
  return (
    <>
      <PageHead title="Stock">
        <Button onClick={() => setAdding(true)}>Add a location</Button>
      </PageHead>
      <Loaded of={locations}>
        {({ items }) => (
          <>
            <div className="tools">
              <SearchForm
                key={sku}
                label="SKU"
                value={sku}
                onSearch={(text) => go({ sku: text })}
              />
              <SelectField
                label="Location"
                value={location}
                choices={[['', 'Any'], ...items.map(({ id, name }) => [id, name] as const)]}
                onText={(value) => go({ location: value })}
              />
            </div>
            <ListTable
              list={list}
              label="Stock"
              keyOf={(level) => level.item_id + level.location_id}
              empty={sku === '' ? 'Nothing is counted yet.' : 'No item has this SKU.'}
              columns={[
                {
                  name: 'SKU',
                  cell: (level) => (
                    <Link to={`/admin/stock/${level.item_id}`} className="strong">
                      {level.sku || level.item_id}
                    </Link>
                  ),
                },
                ...levelColumns(items),
              ]}
            />
          </>
        )}
      </Loaded>
      {adding && <LocationDialog onClose={() => setAdding(false)} reload={locations.reload} />}
    </>
  );
}

function LocationDialog({ onClose, reload }: { onClose: () => void; reload: () => Promise<void> }) {
  const [name, setName] = useState('');
  const [priority, setPriority] = useState('100');
  const run = async () => {
    await admin.createLocation({
      body: { name: name.trim(), priority: parseWhole(priority) ?? 100 },
    });
    await reload();
  };
  return (
    <FormDialog title="Add a location" action="Add" run={run} onClose={onClose}>
      <TextField label="Name" value={name} onText={setName} />
      <TextField
        label="Priority"
        hint="Orders are served from the lowest number first."
        inputMode="numeric"
        value={priority}
        onText={setPriority}
      />
    </FormDialog>
  );
}

export function StockItemPage({ id }: { id: string }) {
  const locations = useLocations();
  const levels = useQuery(`levels ${id}`, () => admin.getStockLevels({ item_id: id }));
  const movements = useList(`movements ${id}`, (cursor) =>
    admin.listStockMovements({ item_id: id, cursor, limit: 50 }),
  );
  const [doing, setDoing] = useState<'count' | 'move' | null>(null);
  const done = async () => {
    forgetQueries('stock ');
    await Promise.all([levels.reload(), movements.reload()]);
  };
  const dialog = { id, onClose: () => setDoing(null), done };
  return (
    <Loaded of={locations}>
      {({ items: places }) => (
        <Loaded of={levels}>
          {({ items }) => (
            <>
              <PageHead
                title={items[0]?.sku || 'An item'}
                back={{ to: '/admin/stock', name: 'Stock' }}
              >
                <Button kind="primary" onClick={() => setDoing('count')}>
                  Change the count
                </Button>
                {places.length > 1 && (
                  <Button onClick={() => setDoing('move')}>Move between locations</Button>
                )}
              </PageHead>
              <Panel title="By location">
                <Table
                  label="Stock by location"
                  columns={levelColumns(places)}
                  items={items}
                  keyOf={(level) => level.location_id}
                  empty="It was never counted. Change the count to begin."
                />
              </Panel>
              <Panel title="Movements">
                <ListTable
                  list={movements}
                  label="Movements"
                  keyOf={(movement) => movement.id}
                  empty="Nothing moved yet."
                  columns={[
                    { name: 'When', cell: ({ at }) => <Moment at={at} /> },
                    { name: 'What', cell: ({ kind }) => words(kind) },
                    { name: 'Location', cell: (one) => nameOf(places, one.location_id) },
                    { name: 'On hand', numeric: true, cell: (one) => signed(one.on_hand) },
                    { name: 'Set aside', numeric: true, cell: (one) => signed(one.reserved) },
                    {
                      name: 'Why',
                      cell: (one) =>
                        one.order_id === null ? (
                          one.reason
                        ) : (
                          <Link to={`/admin/orders/${one.order_id}`}>An order</Link>
                        ),
                    },
                  ]}
                />
              </Panel>
              {doing === 'count' && <CountDialog {...dialog} locations={places} />}
              {doing === 'move' && <MoveDialog {...dialog} locations={places} />}
            </>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

const signed = (n: number) => (n > 0 ? `+${n}` : n === 0 ? '' : String(n));

interface DialogOf {
  id: string;
  locations: Location[];
  onClose: () => void;
  done: () => Promise<void>;
}

function CountDialog({ id, locations, onClose, done }: DialogOf) {
  const [location, setLocation] = useState(locations[0]?.id ?? '');
  const [delta, setDelta] = useState('');
  const [kind, setKind] = useState<'receive' | 'adjust'>('receive');
  const [reason, setReason] = useState('');
  const once = useOnce();
  const run = async () => {
    const by = parseWhole(delta);
    if (by === null || by === 0) {
      throw new Error('By how many? A whole number, such as 12 or -3.');
    }
    await once((key) =>
      admin.adjustStock({
        item_id: id,
        idempotency_key: key,
        body: { location_id: location, delta: by, kind, reason: reason.trim() },
      }),
    );
    await done();
  };
  return (
    <FormDialog title="Change the count" action="Change" run={run} onClose={onClose}>
      <SelectField
        label="Location"
        value={location}
        choices={locations.map(({ id: one, name }) => [one, name] as const)}
        onText={setLocation}
      />
      <TextField
        label="By how many"
        hint="The difference, not the new count: sales go on meanwhile."
        inputMode="text"
        value={delta}
        onText={setDelta}
      />
      <SelectField
        label="What happened"
        value={kind}
        choices={[
          ['receive', 'Goods came in'],
          ['adjust', 'Counted anew'],
        ]}
        onText={(value) => setKind(value as 'receive' | 'adjust')}
      />
      <TextField label="Reason" value={reason} onText={setReason} />
    </FormDialog>
  );
}

function MoveDialog({ id, locations, onClose, done }: DialogOf) {
  const [from, setFrom] = useState(locations[0]?.id ?? '');
  const [to, setTo] = useState(locations[1]?.id ?? '');
  const [quantity, setQuantity] = useState('');
  const once = useOnce();
  const choices = locations.map(({ id: one, name }) => [one, name] as const);
  const run = async () => {
    const units = parseWhole(quantity);
    if (units === null || units <= 0) {
      throw new Error('How many? A whole number from 1 on.');
    }
    await once((key) =>
      admin.transferStock({
        item_id: id,
        idempotency_key: key,
        body: { from_location_id: from, to_location_id: to, quantity: units },
      }),
    );
    await done();
  };
  return (
    <FormDialog title="Move between locations" action="Move" run={run} onClose={onClose}>
      <SelectField label="From" value={from} choices={choices} onText={setFrom} />
      <SelectField label="To" value={to} choices={choices} onText={setTo} />
      <TextField label="Units" inputMode="numeric" value={quantity} onText={setQuantity} />
    </FormDialog>
  );
}
