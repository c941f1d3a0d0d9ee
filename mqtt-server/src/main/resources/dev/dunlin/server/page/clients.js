// Clients: all of them in pages, the slow ones, and one with what it has.
import { byId, element, foreign, time, yesNo } from './dom.js';
import { call, path, query } from './api.js';
import { complain, complainUnlessAway, confirmed, say, tell } from './notices.js';
import { Pages, Table } from './table.js';

const SLOW_ROWS = 20;

const addressOf = clientId => '#client=' + encodeURIComponent(clientId);
const link = client => linkTo(client.clientId);

/** A link to what is known of a client. */
export function linkTo(clientId) {
  return element('a', { href: addressOf(clientId) }, foreign(clientId));
}

const list = new Pages(byId('client-list'), {
  label: 'Clients',
  key: client => client.clientId,
  columns: [
    { title: 'Client', node: link },
    { title: 'Connected from', text: client => client.client?.remoteAddress ?? 'not connected' },
    { title: 'User', text: client => client.client?.user },
    { title: 'Since', text: client => time(client.since) },
    { title: 'Subscriptions', text: client => client.subscriptions, numeric: true },
    { title: 'Queued', text: client => client.queuedMessages, numeric: true },
    { title: 'In flight', text: client => client.inflight, numeric: true },
  ],
  empty: ['No client is connected, and no session waits for one. Connect one, such as ',
    element('code', { textContent: 'mosquitto_sub -t "#" -v' }), '.'],
}, (after, max) => call('GET', query(path('clients'), { after, max })));

export const showClients = () => list.first();

byId('client-form').addEventListener('submit', event => {
  event.preventDefault();
  say('');
  location.hash = addressOf(byId('client-field').value);
});

// ---- slow ones

const slow = new Table(byId('slow'), {
  label: 'Slow clients',
  key: client => client.clientId,
  columns: [
    { title: 'Client', node: link },
    { title: 'Queued', text: client => client.queuedMessages, numeric: true },
    { title: 'Action', node: client => button('Disconnect', 'danger quiet', () => disconnect(client.clientId), client.clientId) },
  ],
  empty: ['No client takes its messages too slowly.'],
});

export async function showSlow() {
  try {
    const page = await call('GET', query(path('clients'), { slow: true, max: SLOW_ROWS }));
    slow.show(page.items);
  } catch (failure) {
    complainUnlessAway(failure);
  }
}

// ---- one

let shown = null;

const FACTS = [
  ['Connected from', client => client.client?.remoteAddress ?? 'not connected'],
  ['User', client => client.client?.user],
  ['Protocol', client => client.client?.version],
  ['Listener', client => client.client?.listener],
  ['Since', client => time(client.since)],
  ['Session ends', client => time(client.expiresAt)],
  ['Session expiry, seconds', client => client.expirySeconds],
  ['Keep alive, seconds', client => client.keepAliveSeconds],
  ['Will to topic', client => client.willTopic],
  ['Stored', client => yesNo(client.stored)],
  ['Queued, bytes', client => client.queuedBytes],
  ['Dropped', client => Object.entries(client.dropped).map(([reason, count]) => `${reason}: ${count}`).join(', ')],
];

const parts = [
  pagesOf('client-subscriptions', 'subscriptions', 'Subscriptions', ['This client is subscribed to nothing.'], [
    { title: 'Filter', text: each => each.filter },
    { title: 'QoS', text: each => each.qos, numeric: true },
    { title: 'No local', text: each => yesNo(each.noLocal) },
    { title: 'Identifier', text: each => each.subscriptionId || '', numeric: true },
  ]),
  pagesOf('client-queue', 'queue', 'Queue', ['Nothing waits for this client.'], [
    { title: 'Topic', text: each => each.topic ?? '(only in the store)' },
    { title: 'QoS', text: each => each.qos, numeric: true },
    { title: 'Bytes', text: each => each.payloadBytes, numeric: true },
    { title: 'Publisher', text: each => each.publisher },
  ]),
  pagesOf('client-inflight', 'inflight', 'In flight', ['Every exchange with this client is complete.'], [
    { title: 'Packet', text: each => each.packetId, numeric: true },
    { title: 'Waits for', text: each => each.state },
    { title: 'Topic', text: each => each.topic },
    { title: 'QoS', text: each => each.qos, numeric: true },
  ]),
];

function pagesOf(place, part, label, empty, columns) {
  return new Pages(byId(place), { label, key: (each, i) => i, columns, empty },
    (after, max) => call('GET', query(path('client', part), { clientId: shown, after, max })));
}

byId('client-actions').append(
  button('Trace', '', () => { location.hash = '#traces=' + encodeURIComponent(shown); }),
  button('Disconnect', 'danger', () => disconnect(shown)),
  button('Drop its queue', 'danger', () => purge(shown)),
  button('End the session', 'danger', () => endSession(shown)));

/** Shows one client, or says that there is none of this name. */
export async function showClient(clientId) {
  shown = clientId;
  byId('client-title').replaceChildren(foreign(clientId));
  byId('client-details').hidden = true;
  parts.forEach(part => part.clear());
  try {
    const client = await call('GET', one(clientId));
    if (shown !== clientId) {
      return; // somebody has gone on
    }
    const facts = FACTS.map(([name, value]) => [name, String(value(client) ?? '')]).filter(([, text]) => text);
    byId('client-facts').replaceChildren(
      ...facts.map(([name, text]) => element('div', {}, element('dt', {}, name), element('dd', {}, foreign(text)))));
    byId('client-details').hidden = false;
    await Promise.all(parts.map(part => part.first()));
  } catch (failure) {
    if (shown === clientId) {
      complain(failure.message);
    }
  }
}

/** The address of one client in the API, or of what belongs to it. */
function one(clientId, ...part) {
  return query(path('client', ...part), { clientId });
}

const isShown = clientId => shown === clientId && !byId('client').hidden;

/** Shows what has become of a client, unless somebody has gone on. */
async function showAgain(clientId) {
  if (isShown(clientId)) {
    await showClient(clientId);
  } else if (!byId('overview').hidden) {
    await showSlow();
  }
}

/** A button; what it is about is said to whom doesn't see the row. */
function button(text, className, onclick, about = null) {
  return element('button', { type: 'button', textContent: text, className, onclick, ariaLabel: about && `${text} ${about}` });
}

async function disconnect(clientId) {
  if (await confirmed(`Disconnect client “${clientId}”? It may connect again.`, 'Disconnect')) {
    await tell(async () => {
      await call('POST', one(clientId, 'disconnect'));
      await showAgain(clientId);
      return `Client “${clientId}” was disconnected.`;
    });
  }
}

async function purge(clientId) {
  if (await confirmed(`Drop all messages that wait for client “${clientId}”?`, 'Drop them')) {
    await tell(async () => {
      await call('DELETE', one(clientId, 'queue'));
      await showAgain(clientId);
      return `The queue of client “${clientId}” was dropped.`;
    });
  }
}

async function endSession(clientId) {
  const question = `End the session of client “${clientId}”? Its subscriptions and messages are gone then.`;
  if (await confirmed(question, 'End it')) {
    await tell(async () => {
      await call('DELETE', one(clientId));
      if (isShown(clientId)) {
        location.hash = '#clients';
      }
      return `The session of client “${clientId}” was ended.`;
    });
  }
}
