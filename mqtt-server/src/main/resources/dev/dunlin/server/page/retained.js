// Retained messages: in pages, by topic filter.
import { byId, element } from './dom.js';
import { call, path, query } from './api.js';
import { confirmed, tell } from './notices.js';
import { Pages } from './table.js';

const PAYLOAD_BYTES = 1_024;

let filter = '#';

const list = new Pages(byId('retained-list'), {
  label: 'Retained messages',
  key: message => message.topic,
  columns: [
    { title: 'Topic', text: message => message.topic },
    { title: 'Payload', node: () => element('pre'), text: message => message.payload.text ?? 'base64: ' + message.payload.base64 },
    { title: 'Bytes', text: message => message.payloadBytes, numeric: true },
    { title: 'QoS', text: message => message.qos, numeric: true },
    { title: 'Publisher', text: message => message.publisher },
    { title: 'Action', node: message => element('button',
      {
      type: 'button', textContent: 'Delete', className: 'danger quiet', ariaLabel: `Delete ${message.topic}`, onclick: () => remove(message.topic),
    }) },
  ],
  empty: ['No retained message matches. Publish one with RETAIN, or try the filter ',
    element('code', { textContent: '#' }), ', or ', element('code', { textContent: '$SYS/#' }), '.'],
}, (after, max) => call('GET', query(path('retained'), { filter, after, max, payloadBytesMax: PAYLOAD_BYTES })));

export const showRetained = () => list.first();

byId('retained-form').addEventListener('submit', event => {
  event.preventDefault();
  filter = byId('retained-filter').value;
  list.first();
});

async function remove(topic) {
  if (await confirmed(`Delete the retained message of topic “${topic}”? Its subscribers are sent an empty one.`, 'Delete')) {
    await tell(async () => {
      await call('DELETE', query(path('retained'), { topic }));
      await list.refresh();
      return `The retained message of topic “${topic}” was deleted.`;
    });
  }
}
