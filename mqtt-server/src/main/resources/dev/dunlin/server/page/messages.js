// Publishes and subscribes, as any client does: MQTT 5.0 over the broker's WebSocket listener.
/* global mqtt */
import { byId, element, foreign } from './dom.js';
import { complain, say, tell } from './notices.js';

const RECEIVED_MAX = 200;
const SHOWN_BYTES_MAX = 1_024;
const RETRY_MS = 2_000;

let client = null;
let connected = null; // a promise, while a connection is made or there is one
let giveUp = () => {}; // fails that promise, unless there is a connection
let paused = false;
let arrived = []; // since the last frame

/** Offers the broker's WebSocket listeners. */
export function offerListeners(listeners) {
  const wanted = location.protocol === 'https:' ? ['wss'] : ['ws', 'wss'];
  const found = listeners.filter(listener => wanted.includes(listener.kind))[0];
  byId('mqtt-none').hidden = found !== undefined;
  if (found && !byId('mqtt-url').value) {
    byId('mqtt-url').value = addressOf(found);
  }
}

/** One that listens on all addresses of its machine is asked at that of the page. */
function addressOf({ uri, kind, host, port, path }) {
  return ['0.0.0.0', '::'].includes(host) ? `${kind}://${location.hostname}:${port}${path}` : uri;
}

function state(text, kind) {
  byId('mqtt-state').textContent = text;
  byId('mqtt-state').dataset.state = kind;
  byId('mqtt-disconnect').disabled = kind === 'off' || kind === 'bad';
}

/** Connects unless there is a connection. Fails if the first attempt does; a connection that was lost is made again. */
function connect() {
  if (connected) {
    return connected;
  }
  const attempt = new Promise((resolve, reject) => {
    giveUp = () => reject(new Error('The connection was ended before it was there.'));
    const url = byId('mqtt-url').value;
    if (!byId('mqtt-url').checkValidity()) {
      throw new Error('There is no WebSocket address to connect to: see Connection below.');
    }
    state(`Connecting to ${url}…`, 'waiting');
    const made = mqtt.connect(url, {
      protocolVersion: 5,
      clientId: 'page-' + Math.random().toString(16).slice(2, 10),
      username: byId('mqtt-user').value || undefined,
      password: byId('mqtt-password').value || undefined,
      reconnectPeriod: RETRY_MS,
      timerVariant: 'native', // others are workers made of text, which the page's policy forbids
    });
    client = made;
    let first = true;
    const fail = reason => {
      if (client !== made) {
        return; // somebody has ended it
      }
      if (first) {
        reject(new Error(reason));
        end();
        state(reason, 'bad');
      } else {
        state(`The connection to ${url} is lost; trying again every two seconds.`, 'retrying');
      }
    };
    made.on('connect', () => {
      first = false;
      state(`Connected to ${url}`, 'good');
      resolve();
    });
    made.on('close', () => fail(`Can't connect to ${url}.`));
    made.on('error', failure => fail(`Can't connect to ${url}: ${failure.message}`));
    made.on('message', receive);
  }).catch(failure => {
    if (connected === attempt) { // else there is another by now
      connected = null;
    }
    throw failure;
  });
  connected = attempt;
  return attempt;
}

function end() {
  const ended = client;
  client = null;
  connected = null;
  giveUp();
  ended?.end(true);
  byId('subscriptions').replaceChildren();
}

byId('connect-form').addEventListener('submit', event => {
  event.preventDefault();
  say('');
  end();
  connect().catch(failure => complain(failure.message)); // success is said elsewhere: what wasn't published stays to be read here
});

byId('mqtt-disconnect').addEventListener('click', () => {
  client?.end();
  end();
  state('Not connected. Subscribe or publish to connect.', 'off');
});

// ---- publish and subscribe

byId('publish-form').addEventListener('submit', event => {
  event.preventDefault();
  const topic = byId('publish-topic').value;
  const qos = Number(byId('publish-qos').value);
  tell(async () => {
    await connect();
    await client.publishAsync(topic, byId('publish-payload').value, { qos, retain: byId('publish-retain').checked });
    return qos === 0 ? `Sent to “${topic}”.` : `Published to “${topic}”: acknowledged.`;
  });
});

byId('subscribe-form').addEventListener('submit', event => {
  event.preventDefault();
  const filter = byId('subscribe-filter').value;
  tell(async () => {
    await connect();
    const [granted] = await client.subscribeAsync(filter, { qos: Number(byId('subscribe-qos').value) });
    list(filter);
    return `Subscribed to “${filter}” with QoS ${granted.qos}.`;
  });
});

function list(filter) {
  const known = [...byId('subscriptions').children].some(item => item.dataset.filter === filter);
  if (known) {
    return;
  }
  const item = element('li', { className: 'row between' }, foreign(filter));
  item.dataset.filter = filter;
  item.append(element('button', {
    type: 'button',
    className: 'quiet',
    textContent: 'Unsubscribe',
    ariaLabel: `Unsubscribe from ${filter}`,
    onclick: () => tell(async () => {
      await client.unsubscribeAsync(filter);
      item.remove();
      byId('subscribe-filter').focus();
      return `Unsubscribed from “${filter}”.`;
    }),
  }));
  byId('subscriptions').append(item);
}

// ---- received

function receive(topic, payload, packet) {
  if (paused) {
    return;
  }
  if (arrived.length === 0) {
    requestAnimationFrame(showArrived); // many messages, one drawing
  }
  arrived.push({ topic, payload, packet, at: new Date() });
  if (arrived.length > RECEIVED_MAX) {
    arrived.shift();
  }
}

function showArrived() {
  const received = byId('received');
  received.prepend(...arrived.reverse().map(item));
  arrived = [];
  while (received.children.length > RECEIVED_MAX) {
    received.lastChild.remove();
  }
  byId('received-empty').hidden = true;
}

function item({ topic, payload, packet, at }) {
  const words = [`QoS ${packet.qos}`, packet.retain ? 'retained' : '', packet.dup ? 'again' : ''].filter(word => word);
  return element('li', {},
    element('div', { className: 'row between' },
      element('b', {}, foreign(topic)),
      element('small', { textContent: `${words.join(', ')} · ${at.toLocaleTimeString()}` })),
    element('pre', { textContent: readable(payload) }));
}

/** Text if it is UTF-8, else hexadecimal. */
function readable(payload) {
  const beginning = payload.subarray(0, SHOWN_BYTES_MAX);
  const cut = beginning.length < payload.length; // perhaps within a character
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(beginning, { stream: cut });
  } catch {
    return [...beginning.subarray(0, 256)].map(byte => byte.toString(16).padStart(2, '0')).join(' ');
  }
}

byId('received-pause').addEventListener('click', event => {
  paused = !paused;
  event.target.setAttribute('aria-pressed', String(paused));
  event.target.textContent = paused ? 'Paused: resume' : 'Pause';
});

byId('received-clear').addEventListener('click', () => {
  byId('received').replaceChildren();
  byId('received-empty').hidden = false;
});
