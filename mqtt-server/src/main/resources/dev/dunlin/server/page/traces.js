// Traces: the packets of a client, or of a topic filter, as lines that the broker has written.
import { byId, element, setText } from './dom.js';
import { trace } from './api.js';
import { complain, say } from './notices.js';

const LINES_MAX = 1_000;
const NEAR_THE_END_PX = 40;

let running = null; // an AbortController, while a trace is on
let waiting = []; // lines since the last frame

/** Offers a client to be traced; an empty name offers none. */
export function offerClient(clientId) {
  if (clientId) {
    byId('trace-client').value = clientId;
    byId('trace-filter').value = '';
  }
}

function state(text, kind) {
  setText(byId('trace-state'), text);
  byId('trace-state').dataset.state = kind;
}

byId('trace-form').addEventListener('submit', event => {
  event.preventDefault();
  say('');
  stopTrace();
  clear();
  run(byId('trace-client').value, byId('trace-filter').value);
});

byId('trace-stop').addEventListener('click', stopTrace);

// A browser has six connections to an origin for all its tabs: of those that nobody looks at, one has a trace, the latest.
const otherTabs = new BroadcastChannel('dunlin-traces');

let hiddenSince = ''; // as text that sorts; no two tabs have the same, so of two that are hidden at once one goes on

document.addEventListener('visibilitychange', () => {
  hiddenSince = `${Date.now()} ${Math.random()}`;
  if (document.hidden && running) {
    otherTabs.postMessage(hiddenSince);
  }
});

otherTabs.addEventListener('message', ({ data: theirs }) => {
  if (document.hidden && running && hiddenSince < theirs) {
    stopTrace();
    state('The trace was stopped: another tab that nobody sees has one.', 'bad');
  }
});

/** Ends the trace, if one is on. */
export function stopTrace() {
  running?.abort();
  running = null;
  if (document.activeElement === byId('trace-stop')) {
    byId('trace-start').focus(); // a button that is disabled would keep the focus for nothing
  }
  byId('trace-stop').disabled = true;
  state('No trace is on.', 'off');
}

/** Shows a trace until it ends, or until somebody ends it. It goes on while nobody sees the page: what is traced is elsewhere. */
async function run(clientId, filter) {
  const mine = new AbortController();
  running = mine;
  byId('trace-stop').disabled = false;
  state('Starting…', 'waiting');
  const traced = { ...(clientId && { clientId }), ...(filter && { filter }) };
  let failure = null;
  try {
    await trace(traced, line => mine.signal.aborted || take(line, nameOf(traced)), mine.signal);
  } catch (thrown) {
    failure = thrown;
  }
  if (running !== mine) {
    return; // somebody has stopped it
  }
  stopTrace();
  if (failure) {
    complain(failure.message);
  }
}

/** By name: the fields may say something else by now. */
function nameOf({ clientId, filter }) {
  return [clientId && `client “${clientId}”`, filter && `filter “${filter}”`].filter(Boolean).join(' and ');
}

function take(line, name) {
  state(`A trace of ${name} is on.`, 'good');
  if (waiting.length === 0) {
    requestAnimationFrame(showWaiting); // many lines, one drawing
  }
  waiting.push(line);
  if (waiting.length > LINES_MAX) {
    waiting.shift();
  }
}

/** The end stays in sight if it was. */
function showWaiting() {
  if (waiting.length === 0) {
    return; // somebody has cleared them
  }
  const lines = byId('trace-lines');
  const following = lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR_THE_END_PX;
  byId('trace-empty').hidden = true;
  lines.hidden = false;
  lines.append(...waiting.map(line => element('li', {}, element('pre', { textContent: line }))));
  waiting = [];
  while (lines.children.length > LINES_MAX) {
    lines.firstChild.remove();
  }
  if (following) {
    lines.scrollTop = lines.scrollHeight;
  }
}

function clear() {
  waiting = [];
  byId('trace-lines').replaceChildren();
  byId('trace-lines').hidden = true;
  byId('trace-empty').hidden = false;
}

byId('trace-clear').addEventListener('click', clear);
