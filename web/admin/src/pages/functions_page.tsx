// The shop's own checks of orders: source, versions, trials and what they said.

import { useState } from 'react';
import type { Function as ShopFunction, FunctionReport } from 'securecart-client';
import { remember, useQuery } from 'securecart-kit/query';
import { Link, navigate } from 'securecart-kit/router';

import { admin } from '../api';
import {
  ActionButton,
  AreaField,
  Badge,
  Button,
  Failure,
  FormDialog,
  ListTable,
  Loaded,
  Moment,
  Notice,
  PageHead,
  Panel,
  SelectField,
  TextField,
} from '../components/basics';
import { words } from '../lib/format';
import { useList } from '../lib/list';

const example = `function run(input) {
  if (input.order.total > 100000) {
    return { decision: 'review', reasons: ['A large order'] };
  }
  return { decision: 'accept' };
}
`;

const triggers = [
  ['order_placed', 'After an order: may hold it'],
  ['before_completion', 'Before an order: may refuse it'],
] as const;
const failures = [
  ['open', 'Accept the order'],
  ['closed', 'Refuse or hold the order'],
] as const;

export function FunctionsPage() {
  const list = useList('functions', async () => ({
    ...(await admin.listFunctions()),
    next_cursor: null,
  }));
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead title="Functions">
        <Button kind="primary" onClick={() => setMaking(true)}>
          New function
        </Button>
      </PageHead>
      <p className="soft">
        Small programs of yours that look at orders. They run apart from the shop, with limits, and can
        change nothing.
      </p>
      <ListTable
        list={list}
        label="Functions"
        keyOf={({ id }) => id}
        empty="No functions yet."
        columns={[
          {
            name: 'Function',
            cell: ({ id, name }) => (
              <Link to={`/admin/functions/${id}`} className="strong">
                {name}
              </Link>
            ),
          },
          { name: 'When', cell: ({ trigger }) => words(trigger) },
          {
            name: 'State',
            cell: ({ enabled }) =>
              enabled ? <Badge state="enabled" /> : <Badge state="off">Off</Badge>,
          },
          { name: 'Version', numeric: true, cell: (one) => one.active_version },
        ]}
      />
      {making && <NewDialog onClose={() => setMaking(false)} />}
    </>
  );
}

function NewDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [trigger, setTrigger] = useState<ShopFunction['trigger']>('order_placed');
  const [failure, setFailure] = useState<ShopFunction['on_failure']>('open');
  const [source, setSource] = useState(example);
  const run = async () => {
    const made = await admin.createFunction({
      body: { name: name.trim(), trigger, on_failure: failure, source },
    });
    navigate(`/admin/functions/${made.id}`);
  };
  return (
    <FormDialog title="New function" action="Make it" wide run={run} onClose={onClose}>
      <TextField label="Name" value={name} onText={setName} />
      <SelectField
        label="When"
        value={trigger}
        choices={triggers}
        onText={(value) => setTrigger(value as ShopFunction['trigger'])}
      />
      <SelectField
        label="When it fails"
        value={failure}
        choices={failures}
        onText={(value) => setFailure(value as ShopFunction['on_failure'])}
      />
      <AreaField
        label="Source"
        className="code"
        rows={10}
        spellCheck={false}
        value={source}
        onText={setSource}
      />
    </FormDialog>
  );
}

export function FunctionPage({ id }: { id: string }) {
  const found = useQuery(`function ${id}`, () => admin.getFunction({ function_id: id }));
  return <Loaded of={found}>{(data) => <OneFunction own={data} />}</Loaded>;
}

function OneFunction({ own }: { own: ShopFunction }) {
  const { id } = own;
  const runs = useList(`runs ${id}`, (cursor) =>
    admin.listFunctionRuns({ function_id: id, cursor, limit: 20 }),
  );
  const update = async (body: { enabled?: boolean; active_version?: number }) =>
    remember(
      `function ${id}`,
      await admin.updateFunction({ function_id: id, if_match: own.version, body }),
    );
  return (
    <>
      <PageHead
        title={own.name}
        back={{ to: '/admin/functions', name: 'Functions' }}
        badges={
          <>
            {own.enabled ? <Badge state="enabled" /> : <Badge state="off">Off</Badge>}{' '}
            <span className="soft">
              {words(own.trigger)}, version {own.active_version}, at most {own.timeout_ms} ms
            </span>
          </>
        }
      >
        <ActionButton
          kind={own.enabled ? 'danger' : 'primary'}
          run={() => update({ enabled: !own.enabled })}
        >
          {own.enabled ? 'Switch it off' : 'Switch it on'}
        </ActionButton>
      </PageHead>
      <Source key={own.latest_version} own={own} update={update} />
      <Panel title="What it said">
        <ListTable
          list={runs}
          label="Runs"
          keyOf={(run) => run.id}
          empty="It was not asked yet."
          columns={[
            { name: 'When', cell: ({ at }) => <Moment at={at} /> },
            {
              name: 'Order',
              cell: ({ order_id }) =>
                order_id === null ? '–' : <Link to={`/admin/orders/${order_id}`}>See it</Link>,
            },
            { name: 'Outcome', cell: ({ outcome }) => <Badge state={outcome} /> },
            { name: 'Decision', cell: ({ decision }) => words(decision) },
            { name: 'Why', cell: ({ reasons, error }) => error ?? reasons.join('; ') },
            {
              name: 'Took',
              numeric: true,
              cell: ({ duration_us }) => `${(duration_us / 1000).toFixed(1)} ms`,
            },
          ]}
        />
      </Panel>
    </>
  );
}

function Source({
  own,
  update,
}: {
  own: ShopFunction;
  update: (body: { active_version: number }) => Promise<void>;
}) {
  const { id, latest_version } = own;
  const read = useQuery(`source ${id} ${latest_version}`, () =>
    admin.getFunctionVersion({ function_id: id, number: String(latest_version) }),
  );
  return (
    <Panel title={`Source (version ${latest_version})`}>
      <Loaded of={read}>{({ source }) => <Editor own={own} source={source} update={update} />}</Loaded>
    </Panel>
  );
}

function Editor({
  own,
  source,
  update,
}: {
  own: ShopFunction;
  source: string;
  update: (body: { active_version: number }) => Promise<void>;
}) {
  const [text, setText] = useState(source);
  const [order, setOrder] = useState('');
  const [report, setReport] = useState<FunctionReport | null>(null);
  const [error, setError] = useState<unknown>(null);
  const save = async () => {
    const made = await admin.createFunctionVersion({ function_id: own.id, body: { source: text } });
    await update({ active_version: made.number });
  };
  const test = async () => {
    setReport(null);
    setError(null);
    try {
      const found = await admin.listOrders({ q: order.trim(), limit: 1 });
      const id = found.items[0]?.id;
      if (id === undefined) {
        throw new Error('There is no order of this number.');
      }
      setReport(
        await admin.testFunction({ function_id: own.id, body: { order_id: id, source: text } }),
      );
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <AreaField
        label="JavaScript (ES5.1)"
        className="code"
        rows={14}
        spellCheck={false}
        value={text}
        onText={setText}
      />
      <div className="row">
        <ActionButton kind="primary" aria-disabled={text === source} run={save}>
          Save and use it
        </ActionButton>
        {own.active_version !== own.latest_version && (
          <ActionButton run={() => update({ active_version: own.latest_version })}>
            Use version {own.latest_version}
          </ActionButton>
        )}
      </div>
      <div className="row try">
        <TextField
          label="Try it on the order"
          placeholder="Order number"
          value={order}
          onText={setOrder}
        />
        <ActionButton run={test}>Try</ActionButton>
      </div>
      <Failure error={error} />
      {report !== null && (
        <Notice kind="info" title={`${words(report.outcome)}: ${words(report.decision)}`}>
          {report.reasons.length > 0 && <p>{report.reasons.join('; ')}</p>}
          {report.error !== null && <p>{report.error}</p>}
          {report.logs.length > 0 && <pre>{report.logs.join('\n')}</pre>}
          <p className="soft">
            {(report.duration_us / 1000).toFixed(1)} ms, {Math.ceil(report.memory_bytes / 1024)} KiB
          </p>
        </Notice>
      )}
    </>
  );
}
