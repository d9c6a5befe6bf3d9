// Product files in the Shopify format, in and out.

import { useEffect, useState, type FormEvent } from 'react';
import type { Import } from 'securecart-client';
import { forgetQueries, useQuery } from 'securecart-kit/query';

import { admin } from '../api';
import {
  ActionButton,
  Badge,
  Button,
  Check,
  Failure,
  Field,
  Loaded,
  Moment,
  PageHead,
  Panel,
  Table,
} from '../components/basics';
import { useOnce } from '../lib/once';

const pollMs = 500;
const uploadMs = 120_000;
const running = ({ status }: Import) => status === 'waiting' || status === 'running';

export function ImportsPage() {
  const list = useQuery('imports', () => admin.listImports({ limit: 20 }));
  const busy = list.data?.items.some(running) ?? false;
  // Progress, as long as there is some.
  useEffect(() => {
    if (!busy) {
      forgetQueries('products ');
      return undefined;
    }
    const timer = setTimeout(() => void list.reload(), pollMs);
    return () => clearTimeout(timer);
  }, [busy, list.data]); // eslint-disable-line
  return (
    <>
      <PageHead title="Import and export" />
      <div className="columns">
        <Upload reload={list.reload} />
        <Panel title="Take your products out">
          <p className="soft">The whole catalog as one CSV file that Shopify and this shop read.</p>
          <p className="row">
            <ActionButton run={() => download('newer')}>Download products.csv</ActionButton>
            <ActionButton kind="link" run={() => download('older')}>
              In Shopify’s older column names
            </ActionButton>
          </p>
        </Panel>
      </div>
      <Panel title="What was brought in">
        <Loaded of={list}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="empty">Nothing yet.</p>
            ) : (
              <ul className="imports">
                {items.map((one) => (
                  <Progress key={one.id} run={one} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}

function Upload({ reload }: { reload: () => Promise<void> }) {
  const [file, setFile] = useState<File | null>(null);
  const [trial, setTrial] = useState(true);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const once = useOnce();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (file === null) {
      setError(new Error('Choose a CSV file first.'));
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const body = await file.text();
      await once((key) =>
        admin.createImport(
          { body, file_name: file.name, dry_run: trial, idempotency_key: key },
          { timeoutMs: uploadMs },
        ),
      );
      await reload();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title="Bring products in">
      <form onSubmit={(event) => void submit(event)}>
        <Field label="CSV file" hint="As Shopify exports them.">
          {(ids) => (
            <input
              {...ids}
              type="file"
              accept=".csv,text/csv"
              onChange={(event) => setFile(event.target.files?.[0] ?? null)}
            />
          )}
        </Field>
        <Check label="Only try: change nothing" checked={trial} onCheck={setTrial} />
        <Failure error={error} />
        <p className="row-end">
          <Button type="submit" kind="primary" busy={busy}>
            {busy ? 'Sending…' : trial ? 'Try it' : 'Import'}
          </Button>
        </p>
      </form>
    </Panel>
  );
}

async function download(format: 'newer' | 'older'): Promise<void> {
  const text = await admin.exportProducts({ format }, { timeoutMs: uploadMs });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = 'products.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}

function Progress({ run }: { run: Import }) {
  return (
    <li>
      <p className="row">
        <strong>{run.file_name}</strong> <Badge state={run.status} />
        {run.dry_run && <Badge state="trial">Only tried</Badge>} <Moment at={run.created_at} />
      </p>
      {running(run) && (
        <progress
          aria-label={`Progress of ${run.file_name}`}
          value={run.products_done}
          max={Math.max(run.products_total, 1)}
        />
      )}
      <p className="soft">
        {run.products_done} of {run.products_total} products: {run.created} new, {run.updated}{' '}
        changed, {run.unchanged} as they were, {run.failed} refused.
      </p>
      {run.problems.length > 0 && (
        <details>
          <summary>{run.problems.length} problems</summary>
          <Table
            label={`Problems of ${run.file_name}`}
            items={run.problems}
            keyOf={(problem) => `${problem.line} ${problem.column} ${problem.what}`}
            empty=""
            columns={[
              { name: 'Line', numeric: true, cell: ({ line }) => line },
              { name: 'Product', cell: ({ handle }) => handle },
              { name: 'Column', cell: ({ column }) => column },
              { name: 'What', cell: ({ what }) => what },
            ]}
          />
        </details>
      )}
    </li>
  );
}
