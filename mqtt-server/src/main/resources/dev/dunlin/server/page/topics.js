// Topics: who would get a message, shared groups, and retained messages, in pages.
import { byId, element, foreign, yesNo } from './dom.js';
import { call, path, query } from './api.js';
import { linkTo } from './clients.js';
import { confirmed, say, tell } from './notices.js';
import { Pages } from './table.js';

const PAYLOAD_BYTES = 1_024;
const MEMBERS_SHOWN = 20;

/** Subscribers only if somebody has asked for those of a topic. */
export function showTopics() {
  if (topic) {
    subscribers.first();
  }
  groups.first();
  retained.first();
}

// ---- who would get a message

const KINDS = { SESSION: 'session', SHARED_GROUP: 'one of a shared group', LOCAL: 'within the broker' };

let topic = '';

const subscribers = new Pages(byId('subscribers-list'), {
  label: 'Subscribers',
  key: (each, i) => JSON.stringify([each, i]), // anew when its members are others; local subscriptions may look the same
  columns: [
    { title: 'Subscriber', node: each => (each.kind === 'SESSION' ? linkTo(each.name) : foreign(each.name)) },
    { title: 'What', text: each => KINDS[each.kind] ?? each.kind },
    { title: 'QoS', text: each => each.qos, numeric: true },
    { title: 'No local', text: each => yesNo(each.noLocal) },
    { title: 'Identifiers', text: each => each.subscriptionIds.join(', ') },
    { title: 'Members', node: each => membersOf(each.group) },
  ],
  empty: ['Nobody is subscribed to this topic.'],
}, (after, max) => call('GET', query(path('subscribers'), { topic, after, max })));

byId('subscribers-form').addEventListener('submit', event => {
  event.preventDefault();
  say('');
  topic = byId('subscribers-topic').value;
  byId('subscribers-list').hidden = false;
  subscribers.clear(); // what is there is of another topic
  subscribers.first();
});

/** The first members of a group, and which of them would get nothing now. */
function membersOf(members) {
  const items = members.slice(0, MEMBERS_SHOWN).map(member => element('li', {}, linkTo(member.name), stateOf(member)));
  if (members.length > MEMBERS_SHOWN) {
    items.push(element('li', {}, 'and others'));
  }
  return items.length === 0 ? element('bdi') : element('ul', { className: 'plain' }, ...items);
}

function stateOf(member) {
  if (!member.connected) {
    return ', not connected';
  }
  return member.hasRoom ? '' : ', has no room';
}

// ---- shared groups

const groups = new Pages(byId('groups-list'), {
  label: 'Shared groups',
  key: group => JSON.stringify(group),
  columns: [
    { title: 'Group', text: group => group.shareFilter },
    { title: 'Queued', text: group => group.queuedMessages, numeric: true },
    { title: 'Stored', text: group => yesNo(group.stored) },
    { title: 'How many', text: group => group.memberCount, numeric: true },
    { title: 'Members', node: group => membersOf(group.members) },
  ],
  empty: ['There is no shared group. Make one by a subscription, such as ', element('code', { textContent: '$share/workers/jobs/#' }), '.'],
}, (after, max) => call('GET', query(path('shared-groups'), { after, max })));

// ---- retained messages

let filter = '#';

const retained = new Pages(byId('retained-list'), {
  label: 'Retained messages',
  key: message => message.topic,
  columns: [
    { title: 'Topic', text: message => message.topic },
    { title: 'Payload', node: () => element('pre'), text: message => message.payload.text ?? 'base64: ' + message.payload.base64 },
    { title: 'Bytes', text: message => message.payloadBytes, numeric: true },
    { title: 'QoS', text: message => message.qos, numeric: true },
    { title: 'Publisher', text: message => message.publisher },
    { title: 'Action', node: message => element('button', {
      type: 'button', textContent: 'Delete', className: 'danger quiet', ariaLabel: `Delete ${message.topic}`, onclick: () => remove(message.topic),
    }) },
  ],
  empty: ['No retained message matches. Publish one with RETAIN, or try the filter ',
    element('code', { textContent: '#' }), ', or ', element('code', { textContent: '$SYS/#' }), '.'],
}, (after, max) => call('GET', query(path('retained'), { filter, after, max, payloadBytesMax: PAYLOAD_BYTES })));

byId('retained-form').addEventListener('submit', event => {
  event.preventDefault();
  filter = byId('retained-filter').value;
  retained.first();
});

async function remove(topic) {
  if (await confirmed(`Delete the retained message of topic “${topic}”? Its subscribers are sent an empty one.`, 'Delete')) {
    await tell(async () => {
      await call('DELETE', query(path('retained'), { topic }));
      await retained.refresh();
      return `The retained message of topic “${topic}” was deleted.`;
    });
  }
}
